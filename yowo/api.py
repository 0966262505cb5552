"""The Python interface: build, load, run, score a detector without touching a configuration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from yowo.config import build_detector, compose_config, losses_of, register_checkpoint
from yowo.contracts import Detections, RawOutput, Target
from yowo.models.detector import Detector
from yowo.models.postprocess import PostProcess
from yowo.weights.loading import LoadReport
from yowo.weights.loading import load_weights as _load_weights


def build_model(
    model: str = "yowo_plus", dataset: str = "ucf24", clip_len: int | None = None, *overrides: str
) -> Detector:
    """Make a detector with random weights from the configurations in conf/.

    Args:
        model: yowo_plus, yowo_nano or yowo_tiny.
        dataset: Data set whose classes and anchors it gets: ucf24, jhmdb21, ava, motion.
        clip_len: K, frames of a clip; None takes the data set's.
        overrides: As on the command line, such as "backbone3d=resnet18" or "dataset.image_size=320".

    Returns:
        The network, in training mode.

    Raises:
        ConfigError: A name or value is not known.
    """
    length = [] if clip_len is None else [f"dataset.clip_len={clip_len}"]
    return build_detector(compose_config("train", [f"model={model}", f"dataset={dataset}", *length, *overrides]))


def load_model(checkpoint: str | Path) -> Detector:
    """Make the detector that a checkpoint of ours holds, in evaluation mode.

    Raises:
        WeightsError: The file is damaged or not ours.
    """
    register_checkpoint(str(checkpoint))
    detector = build_detector(compose_config("eval", [f"checkpoint='{checkpoint}'"]))
    _load_weights(detector, checkpoint)
    return detector.eval()


def load_weights(model: Detector, source: str | Path | Mapping[str, Any], strict: bool = True) -> LoadReport:
    """Copy weights into a network.

    Args:
        model: The detector.
        source: A weights file or a state dict: ours, or a released YOWO-Plus or YOWO-Nano checkpoint.
        strict: Whether anything missing is an error.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used or does not fit.
    """
    return _load_weights(model, source, strict)


def compute_losses(model: Detector, raw: RawOutput, targets: list[Target]) -> dict[str, Tensor]:
    """Compute the losses by the recipe that the model was built from.

    Args:
        model: A detector from `build_model` or `load_model`.
        raw: Its output for B clips.
        targets: B dicts: `boxes` float [N, 4] 0..1 x1 y1 x2 y2, `labels` int64 [N] from 0, or float [N, C] multi-hot.

    Returns:
        Scalars `box`, `conf`, `cls` and `total`, divided by B.

    Raises:
        ConfigError: The model was put together by hand.
    """
    return losses_of(model, raw, targets)


@torch.no_grad()
def detect(
    model: Detector, clips: Tensor, score_threshold: float = 0.3, nms_threshold: float = 0.5, top_k: int = 40
) -> list[Detections]:
    """Run a detector in evaluation mode, whatever mode it is in.

    Args:
        model: The detector.
        clips: float [B, 3, K, H, W], normalised, key frame last.
        score_threshold: Lowest score (multi-hot: confidence) reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Pairs of box and class looked at, a clip (one-hot data sets).

    Returns:
        A dict a clip, best score first, see `yowo.contracts.Detections`.
    """
    training = model.training
    model.eval()
    try:
        raw = model(clips)
    finally:
        model.train(training)
    return PostProcess(model.exclusive_classes, score_threshold, nms_threshold, top_k)(raw)
