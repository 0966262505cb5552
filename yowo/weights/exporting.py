"""Weights of any format written in ours: a checkpoint that knows its network, or plain safetensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from yowo.errors import WeightsError
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.detector import Detector
from yowo.weights.kinds import OWN_PREFIX
from yowo.weights.loading import Weights

CHECKPOINT, SAFETENSORS = ".ckpt", ".safetensors"
ENDINGS = (CHECKPOINT, SAFETENSORS)


def check_ending(path: Path, whole: bool) -> None:
    """Check that a file's ending names a format in which weights can be written.

    Args:
        path: The file to write.
        whole: Whether it will hold a whole detector.

    Raises:
        WeightsError: It does not; a checkpoint is for whole detectors only.
    """
    if path.suffix not in ENDINGS:
        raise WeightsError(f"{path}: expected a name that ends in {' or '.join(ENDINGS)}")
    if path.suffix == CHECKPOINT and not whole:
        raise WeightsError(f"{path}: a checkpoint holds a whole detector; for one backbone give {SAFETENSORS}")


def write_detector(path: Path, detector: Detector, texts: Mapping[str, str]) -> None:
    """Write a detector.

    Args:
        path: Ends in `.ckpt` (as `yowo train` writes them, without an optimizer) or `.safetensors`.
        detector: With the recipe that it was built from.
        texts: Kept in a safetensors file: model, dataset and whatever else.

    Raises:
        WeightsError: The ending is another.
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
    """Write one backbone's entries by our names, as the backbone itself calls them.

    Args:
        path: Ends in `.safetensors`.
        weights: Of one backbone; a darknet file must be YOLOv2's.

    Raises:
        WeightsError: The ending is another, or a darknet file is of another network.
    """
    check_ending(path, whole=False)
    entries = weights.state
    if weights.darknet is not None:
        with torch.device("meta"):
            network = YOLOv2(conv_bias=False)
        entries = weights.entries(network)
    save_file(_plain(entries), path, metadata={"kind": weights.kind.words, "part": weights.kind.part})


def _plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors of their own memory on the CPU."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()}
