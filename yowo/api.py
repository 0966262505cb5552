"""The Python interface: build, load, run, score a detector without touching a configuration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from yowo.config.build import build_detector
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.contracts import Detections, RawOutput, Target
from yowo.errors import ConfigError
from yowo.models.detector import Detector
from yowo.weights.loading import LoadReport
from yowo.weights.loading import load_weights as _load_weights


def build_model(
    model: str = "yowo_plus", dataset: str = "ucf24", clip_len: int | None = None, *overrides: str
) -> Detector:
    """Make a detector with random weights from the configurations in conf/.

    Args:
        model: yowo, yowo_plus, yowo_nano or yowo_tiny.
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


def load_weights(
    model: Detector, source: str | Path | Mapping[str, Any], strict: bool = True, reset_head: bool = False
) -> LoadReport:
    """Copy weights into a network; a file that holds one backbone fills that backbone.

    Args:
        model: The detector.
        source: A weights file or a state dict: ours, a released YOWO, YOWO-Plus or YOWO-Nano checkpoint, COCO weights
            of the 2D backbone (yolo.weights, yolov2.pth) or Kinetics weights of the 3D backbone.
        strict: Whether anything missing, left over or of another shape is an error.
        reset_head: Start the last convolution anew instead of taking the file's: for other classes.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used or does not fit.
    """
    return _load_weights(model, source, strict, reset_head)


def compute_losses(
    model: Detector, raw: RawOutput, targets: list[Target], samples_seen: int | None = None
) -> dict[str, Tensor]:
    """Compute the losses by the recipe that the model was built from.

    Args:
        model: A detector from `build_model` or `load_model`.
        raw: Its output for B clips.
        targets: B dicts: `boxes` float [N, 4] 0..1 x1 y1 x2 y2, `labels` int64 [N] from 0, or float [N, C] multi-hot.
        samples_seen: Training samples so far, this batch included, for recipes with an early phase
            (`loss.early_samples`); None is after it.

    Returns:
        Scalars `box`, `conf`, `cls` and `total`, their sum; where the box term is smooth L1 also `x`, `y`, `w`, `h`.
        Divided by B, but for the original YOWO, whose losses are sums.

    Raises:
        ConfigError: The model was put together by hand.
    """
    if model.criterion is None:
        raise ConfigError("this detector has no loss; build it with yowo.build_model, or call a Criterion yourself")
    return model.criterion(raw, targets, samples_seen)


@torch.no_grad()
def detect(
    model: Detector, clips: Tensor, score_threshold: float = 0.3, nms_threshold: float | None = None, top_k: int = 40
) -> list[Detections]:
    """Run a detector in evaluation mode, whatever mode it is in, and find boxes by its own rule.

    YOWO-Plus and its kin: the best pairs of box and class, suppressed class by class. The original YOWO: boxes with
    their best class, suppressed over all classes by confidence, and not clipped to the picture.

    Args:
        model: The detector.
        clips: float [B, 3, K, H, W], normalised, key frame last.
        score_threshold: Lowest score (multi-hot: confidence) reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1; None takes the model's own.
        top_k: Pairs of box and class looked at, a clip (one-hot data sets; the original YOWO has no such limit).

    Returns:
        A dict a clip, best score first, see `yowo.contracts.Detections`.
    """
    training = model.training
    model.eval()
    try:
        raw = model(clips)
    finally:
        model.train(training)
    rule = model.postprocess.with_options(
        score_threshold=score_threshold, nms_threshold=nms_threshold, top_k=top_k, every_class=False
    )
    return rule(raw)
