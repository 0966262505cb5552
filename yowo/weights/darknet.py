"""`yolo.weights`: darknet's binary weights of YOLOv2, the original YOWO's 2D backbone.

The file is little-endian: a header, then float32 values until the end, layer by layer in network order. A convolution
with batch norm has the norm's bias, weight, running mean and running variance, then the convolution's weight (out, in,
height, width). The last convolution has no norm: its bias, then its weight. The header is three int32 (major, minor,
revision) and the number of training images: int32 before version 0.2, int64 since then (16 or 20 bytes in all).
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.models.layers import ConvNormAct
from yowo.weights.file_format import NEW_HEADER, VERSION_BYTES

OLD_HEADER = 16
NEW_SINCE = (0, 2)
"""First version (major, minor) that counts the training images in 64 bits."""
NORM_ENTRIES = ("bias", "weight", "running_mean", "running_var")


@dataclass(frozen=True)
class DarknetWeights:
    """The content of a darknet file; which value belongs to which layer depends on the network.

    Attributes:
        values: float32 [N], all values of the file in order.
        version: Major, minor and revision.
        seen: Number of training images.
    """

    values: Tensor
    version: tuple[int, int, int]
    seen: int


def read_darknet(path: Path) -> DarknetWeights:
    """Read a darknet file.

    Args:
        path: A file for which `yowo.weights.file_format.looks_like_darknet` is true.

    Returns:
        The header and the values.

    Raises:
        WeightsError: The file has a header but no values.
    """
    raw = path.read_bytes()
    major, minor, revision = struct.unpack("<3i", raw[:VERSION_BYTES])
    newer = (major, minor) >= NEW_SINCE
    header = NEW_HEADER if newer else OLD_HEADER
    (seen,) = struct.unpack("<q" if newer else "<i", raw[VERSION_BYTES:header])
    if len(raw) == header:
        raise WeightsError(f"{path}: a darknet file with a header but no values; download it again")
    values = torch.from_numpy(np.frombuffer(raw, "<f4", offset=header).astype(np.float32))
    return DarknetWeights(values, (major, minor, revision), seen)


def darknet_layout(network: nn.Module) -> list[tuple[str, torch.Size]]:
    """Return the names (ours) and shapes of a network's entries in darknet's order.

    Args:
        network: `ConvNormAct` modules in network order, and a last convolution named `head`.

    Returns:
        Name and shape of each entry.

    Raises:
        WeightsError: The network has no `ConvNormAct` or no convolution `head`.
    """
    layout: list[tuple[str, torch.Size]] = []
    for name, block in network.named_modules():
        if isinstance(block, ConvNormAct):
            layout += [(f"{name}.norm.{e}", getattr(block.norm, e).shape) for e in NORM_ENTRIES]
            layout.append((f"{name}.conv.weight", block.conv.weight.shape))
    head = getattr(network, "head", None)
    if not layout or not isinstance(head, nn.Conv2d):
        raise WeightsError(
            f"darknet weights are for YOLOv2 (backbone2d=yolov2_darknet), not for {type(network).__name__}"
        )
    return [*layout, *((f"head.{name}", entry.shape) for name, entry in sorted(head.state_dict().items()))]


def darknet_state(weights: DarknetWeights, network: nn.Module, source: str) -> dict[str, Tensor]:
    """Assign the values of a darknet file to the entries of a network.

    Args:
        weights: Content of the file.
        network: See `darknet_layout`.
        source: Name of the file for error messages.

    Returns:
        Tensors by our names, views of `weights.values`.

    Raises:
        WeightsError: The file has more or fewer values than the network.
    """
    layout = darknet_layout(network)
    counts = [shape.numel() for _, shape in layout]
    if sum(counts) != len(weights.values):
        raise WeightsError(
            f"{source}: expected {sum(counts):,} values for this 2D backbone, got {len(weights.values):,}: the file is "
            "incomplete (download it again) or belongs to another darknet network"
        )
    parts = torch.split(weights.values, counts)
    return {name: part.view(shape) for (name, shape), part in zip(layout, parts, strict=True)}
