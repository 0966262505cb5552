"""Builds what detects on a stream of frames, as `streaming` and the model choose."""

import logging
from typing import cast

import torch
from omegaconf import DictConfig
from torch import nn

from yowo.config.build import build_eval_transform
from yowo.inference.clip_detector import ClipDetector, Features
from yowo.inference.cuda_graphs import GraphedNetwork
from yowo.inference.exported.network import ExportedFile
from yowo.inference.exported.sliding import ExportedSliding, ExportedSlidingDetections
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.detector import Detector
from yowo.models.fast.fast_copy import shared_fast_copy
from yowo.models.postprocess import DetectionRule
from yowo.models.sliding import SlidingDetector, obstacle

_log = logging.getLogger(__name__)


def build_frame_detector(
    config: DictConfig,
    detector: Detector,
    device: torch.device | str,
    features: Features | None = None,
    rule: DetectionRule | None = None,
) -> FrameDetector:
    """Build what detects on the frames of one source.

    Args:
        config: Configuration of `yowo detect`, or of a training (which has neither `streaming` nor `score_threshold`).
        detector: The network, which is moved to the device, in evaluation mode; several sources may share it. On a CPU
            a copy of it is used, made for inference (`yowo.models.fast`).
        device: Where to compute.
        features: See `ClipDetector`; the clips of the network are then single frames.
        rule: Makes detections of raw output; None is the network's own.
    """
    streaming = _streaming(config, torch.device(device))
    threshold = config.get("score_threshold", config.dataset.show_threshold)
    network: nn.Module = detector.eval().to(device)
    if torch.device(device).type == "cpu" and isinstance(network, Detector):
        network = shared_fast_copy(network)
    rule = (rule or detector.postprocess).with_options(score_threshold=threshold)
    transform = build_eval_transform(config)
    clip_len, dilation = config.dataset.clip_len, config.dataset.dilation
    if features is not None:
        return ClipDetector(network, rule, transform, 1, 1, device, features)
    if isinstance(network, ExportedSliding):
        return ExportedSlidingDetections(network, rule, transform, dilation)
    if streaming == "exact" and not isinstance(network, ExportedFile):
        if (reason := obstacle(network)) is None:
            return SlidingDetections(
                SlidingDetector(cast(Detector, network), clip_len), rule, transform, dilation, device
            )
        _log.info("each clip is computed anew (streaming=clip): %s", reason)
    if torch.device(device).type == "cuda":
        return ClipDetector(GraphedNetwork(network), rule, transform, clip_len, dilation, device)
    return ClipDetector(network, rule, transform, clip_len, dilation, device)


def _streaming(config: DictConfig, device: torch.device) -> str:
    """Return how overlapping clips are computed: what is fastest on the device, unless the user has chosen.

    On a GPU the launches of the many small operations take most of the time; as one graph, which needs whole clips,
    they do not.
    """
    chosen = str(config.get("streaming", "clip"))
    return ("clip" if device.type == "cuda" else "exact") if chosen == "auto" else chosen
