"""Writes weights in this project's formats: a checkpoint with its configuration, or plain safetensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.detector import Detector
from yowo.weights.kinds import OWN_PREFIX
from yowo.weights.opening import Weights
from yowo.weights.recognise import backbone

CHECKPOINT, SAFETENSORS = ".ckpt", ".safetensors"
ENDINGS = (CHECKPOINT, SAFETENSORS)


def check_ending(path: Path, whole: bool) -> None:
    """Check that the suffix of a file names a format that can be written.

    Args:
        path: The file to write.
        whole: Whether it will contain a whole detector.

    Raises:
        WeightsError: The suffix is neither `.ckpt` nor `.safetensors`, or it is `.ckpt` for a single backbone.
    """
    if path.suffix not in ENDINGS:
        raise WeightsError(f"{path}: expected a file name that ends in {' or '.join(ENDINGS)}")
    if path.suffix == CHECKPOINT and not whole:
        raise WeightsError(f"{path}: a checkpoint contains a whole detector; for a backbone, give a {SAFETENSORS} file")


def write_detector(path: Path, detector: Detector, texts: Mapping[str, str]) -> None:
    """Write a detector.

    Args:
        path: File that ends in `.ckpt` (as `yowo train` writes it, without an optimizer) or `.safetensors`.
        detector: The detector, with the configuration it was built from in `recipe`.
        texts: Metadata of a safetensors file, such as model and dataset.

    Raises:
        WeightsError: The file has another suffix.
    """
    check_ending(path, whole=True)
    if path.suffix == SAFETENSORS:
        save_file(_plain(detector.state_dict()), path, metadata=dict(texts))
        return
    content: dict[str, Any] = {
        "state_dict": {f"{OWN_PREFIX}{name}": tensor for name, tensor in _plain(detector.state_dict()).items()},
        "yowo": {"config": detector.recipe, "samples_seen": 0},
    }
    torch.save(content, path)


def write_backbone(path: Path, weights: Weights) -> None:
    """Write the entries of one backbone by our names, without the prefix of the detector's part.

    Args:
        path: File that ends in `.safetensors`.
        weights: Weights of one backbone; a darknet file must be YOLOv2's, one of MMAction a ResNet's.

    Raises:
        WeightsError: The file has another suffix, or one that goes by order is of another network.
    """
    check_ending(path, whole=False)
    entries = weights.state
    if weights.darknet is not None or weights.kind.classifier:
        with torch.device("meta"):
            network = YOLOv2(conv_bias=False) if weights.darknet is not None else _resnet(weights)
        names = network.state_dict()
        entries = {name: tensor for name, tensor in weights.entries(network).items() if name in names}
    save_file(_plain(entries), path, metadata={"kind": weights.kind.words, "part": weights.kind.part})


def _resnet(weights: Weights) -> nn.Module:
    """Make the 2D ResNet of a file that goes by order."""
    choice = backbone(weights, weights.kind.part)
    if choice is None:
        raise WeightsError(
            f"{weights.source}: {weights.kind.words} with {len(weights.state)} entries, expected a ResNet-18 or -50"
        )
    return build_resnet2d(choice)


def _plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous copies of tensors on the CPU, which share no memory."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()}
