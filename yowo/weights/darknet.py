"""`yolo.weights`: darknet's binary weights of YOLOv2, the original YOWO's 2D backbone.

A header, then float32 values to the end, little-endian, layer by layer in network order: for a convolution with batch
norm its bias, weight, running mean and running variance, then the convolution's weight (out, in, height, width); the
last convolution has no norm: bias, then weight. The header is three int32 (major, minor, revision) and the number of
images seen: int32 before version 0.2, int64 from there on (16 or 20 bytes).
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.models.layers import ConvNormAct

VERSION_BYTES = 12
OLD_HEADER, NEW_HEADER = 16, 20
NEW_SINCE = (0, 2)
"""The version from which on images are counted in 64 bits."""
HIGHEST = 10
"""Above any version number that darknet ever wrote."""
NORM_ENTRIES = ("bias", "weight", "running_mean", "running_var")


@dataclass(frozen=True)
class DarknetWeights:
    """A darknet file as it lies on the disk: which value belongs where depends on the network.

    Attributes:
        values: float32 [N].
        version: major, minor, revision.
        seen: Images that it was trained on.
    """

    values: Tensor
    version: tuple[int, int, int]
    seen: int


def looks_like_darknet(head: bytes, size: int) -> bool:
    """Tell whether a file of `size` bytes that begins with `head` can be darknet's."""
    if len(head) < NEW_HEADER:
        return False
    version = struct.unpack("<3i", head[:VERSION_BYTES])
    return all(0 <= v < HIGHEST for v in version) and any(version[:2]) and size % 4 == 0


def read_darknet(path: Path) -> DarknetWeights:
    """Read a darknet file.

    Args:
        path: A file that `looks_like_darknet`.

    Raises:
        WeightsError: It holds no values.
    """
    raw = path.read_bytes()
    major, minor, revision = struct.unpack("<3i", raw[:VERSION_BYTES])
    newer = (major, minor) >= NEW_SINCE
    header = NEW_HEADER if newer else OLD_HEADER
    (seen,) = struct.unpack("<q" if newer else "<i", raw[VERSION_BYTES:header])
    if len(raw) == header:
        raise WeightsError(f"{path}: darknet weights without a single value; download it again")
    values = torch.from_numpy(np.frombuffer(raw, "<f4", offset=header).astype(np.float32))
    return DarknetWeights(values, (major, minor, revision), seen)


def darknet_layout(network: nn.Module) -> list[tuple[str, torch.Size]]:
    """Return the names (ours) and shapes of a network's entries in darknet's order.

    Args:
        network: Made of `ConvNormAct` in network order, and a last convolution `head`.

    Raises:
        WeightsError: The network is not of this build.
    """
    layout: list[tuple[str, torch.Size]] = []
    for name, block in network.named_modules():
        if isinstance(block, ConvNormAct):
            layout += [(f"{name}.norm.{e}", getattr(block.norm, e).shape) for e in NORM_ENTRIES]
            layout.append((f"{name}.conv.weight", block.conv.weight.shape))
    head = getattr(network, "head", None)
    if not layout or not isinstance(head, nn.Conv2d):
        raise WeightsError(f"darknet weights fit YOLOv2 (backbone2d=yolov2_darknet), not {type(network).__name__}")
    return [*layout, *((f"head.{name}", entry.shape) for name, entry in sorted(head.state_dict().items()))]


def darknet_state(weights: DarknetWeights, network: nn.Module, source: str) -> dict[str, Tensor]:
    """Share out the values of a darknet file to the entries of a network.

    Args:
        weights: The file.
        network: See `darknet_layout`.
        source: Named in the message.

    Returns:
        Tensors by our names, views of `weights.values`.

    Raises:
        WeightsError: The file has more or fewer values than the network has.
    """
    layout = darknet_layout(network)
    counts = [shape.numel() for _, shape in layout]
    if sum(counts) != len(weights.values):
        raise WeightsError(
            f"{source}: {len(weights.values):,} values, but this 2D backbone takes {sum(counts):,}: cut off, or the "
            "weights of another darknet network"
        )
    parts = torch.split(weights.values, counts)
    return {name: part.view(shape) for (name, shape), part in zip(layout, parts, strict=True)}
