"""Builds what detects on a stream of frames, as `streaming` and the model choose."""

import logging
from typing import Any

import torch
from omegaconf import DictConfig, open_dict
from torch import nn

from yowo.config.build import build_eval_transform
from yowo.errors import ConfigError
from yowo.inference.clip_detector import ClipDetector, Features
from yowo.inference.cuda_graphs import GraphedNetwork
from yowo.inference.exported.facts import CLIP, EXACT, STATE
from yowo.inference.exported.network import ExportedFile
from yowo.inference.exported.sliding import ExportedSliding, ExportedSlidingDetections
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.detector import Detector
from yowo.models.fast.fast_copy import shared_fast_copy
from yowo.models.frame_steps import frame_steps, obstacle
from yowo.models.network import Network
from yowo.models.postprocess import DetectionRule
from yowo.models.recurrent import Recurrent

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
    threshold = config.get("score_threshold", config.dataset.show_threshold)
    network: nn.Module = detector.eval().to(device)
    way = streaming_way(config, network, torch.device(device))
    if torch.device(device).type == "cpu" and isinstance(network, Network):
        network = shared_fast_copy(network)
    rule = (rule or detector.postprocess).with_options(score_threshold=threshold)
    transform = build_eval_transform(config)
    clip_len, dilation = config.dataset.clip_len, config.dataset.dilation
    if features is not None:
        return ClipDetector(network, rule, transform, 1, 1, device, features)
    if isinstance(network, ExportedSliding):
        return ExportedSlidingDetections(network, rule, transform, dilation)
    if way == EXACT and (reason := obstacle(network)) is not None:
        _log.info("each clip is computed anew (streaming=clip): %s", reason)
        way = CLIP
    if way != CLIP:
        return SlidingDetections(frame_steps(network, clip_len, way), rule, transform, dilation, device)
    if torch.device(device).type == "cuda":
        return ClipDetector(GraphedNetwork(network), rule, transform, clip_len, dilation, device)
    return ClipDetector(network, rule, transform, clip_len, dilation, device)


def streaming_way(config: DictConfig, network: nn.Module, device: torch.device) -> str:
    """Return how frames one after the other are computed: "clip", "exact" or "state".

    What the user has not chosen (`streaming=auto`) is how the network is used best: one with a memory carries its state
    on. Others compute what is fastest on the device: on a GPU the launches of the many small operations take most of
    the time; as one graph, which needs whole clips, they do not.

    Args:
        config: Of a command; one without `streaming` computes clips.
        network: The network.
        device: Where to compute.

    Raises:
        ConfigError: An exported file computes something else than what was chosen.
    """
    chosen = str(config.get("streaming", CLIP))
    if isinstance(network, ExportedFile):
        own = network.facts.streaming
        if chosen != own and STATE in (chosen, own) and chosen != "auto":
            raise ConfigError(f"streaming={chosen}: this file was exported with streaming={own}; leave it out")
        return own
    if chosen != "auto":
        return chosen
    if isinstance(network, Recurrent):
        return STATE
    return CLIP if device.type == "cuda" else EXACT


def with_keys(config: DictConfig, **values: Any) -> DictConfig:
    """Return a copy of a configuration with values of keys that it need not have."""
    changed = config.copy()
    with open_dict(changed):
        changed.update(values)
    return changed
