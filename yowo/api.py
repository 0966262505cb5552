"""The Python interface: build a detector, load weights, compute losses and detect, without editing a configuration."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import Self

from yowo.config.build import build_detector, make
from yowo.config.checkpoint import register_checkpoint, register_parts
from yowo.config.compose import compose_config
from yowo.config.exported import register_exported
from yowo.config.frame_detector import build_frame_detector
from yowo.contracts import Detections, RawOutput, Target
from yowo.errors import ConfigError
from yowo.inference.devices import pick_device
from yowo.inference.exported.facts import is_exported
from yowo.inference.frame_tracks import CurrentTracks
from yowo.inference.live_tubes import LiveFrame, LiveTubes
from yowo.models.detector import Detector as Network
from yowo.training.guarding.bad_batch import Replay, read_bad_batch, replay_batch
from yowo.tubes.online import OnlineLinker
from yowo.weights.loading import LoadReport
from yowo.weights.loading import load_weights as _load_weights


def build_model(
    model: str = "yowo_plus", dataset: str = "ucf24", clip_len: int | None = None, *overrides: str
) -> Network:
    """Make a detector with random weights from the configurations in conf/.

    Args:
        model: yowo, yowo_plus, yowo_nano, yowo_tiny, yowo_fine, yowof_r18, yowof_r50, yowo_v2_nano, yowo_v2_tiny,
            yowo_v2_medium, yowo_v2_large, yowo_v3 and others in conf/model, or the name of a yaml of your own in a
            folder `model` that `hydra.searchpath` names.
        dataset: Data set whose classes and anchors it gets: ucf24, jhmdb21, ava, motion.
        clip_len: K, frames of a clip; None takes the data set's.
        overrides: As on the command line, such as "backbone3d=resnet18", "dataset.image_size=320" or
            "hydra.searchpath=[file:///home/me/conf]".

    Returns:
        The network, in training mode. Its output is described in `yowo.contracts.RawOutput`.

    Raises:
        ConfigError: A name or value is unknown.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> model = build_model("yowo_tiny", dataset="motion")
        >>> raw = model(torch.zeros(1, 3, 8, 96, 128))
        >>> {name: list(raw[name].shape) for name in ("cls", "conf", "boxes")}
        {'cls': [1, 60, 8], 'conf': [1, 60, 1], 'boxes': [1, 60, 4]}
    """
    length = [] if clip_len is None else [f"dataset.clip_len={clip_len}"]
    return build_detector(compose_config("train", [f"model={model}", f"dataset={dataset}", *length, *overrides]))


def load_model(checkpoint: str | Path) -> Network:
    """Make the detector that is stored in a checkpoint of `yowo train`, in evaluation mode.

    Args:
        checkpoint: The file, or one of `yowo export` (.onnx, .xml, .pt2), which detects only.

    Raises:
        WeightsError: The file is damaged or was not written by this package.
        ConfigError: What runs an exported file is not installed.
    """
    if is_exported(str(checkpoint)):
        register_exported(str(checkpoint), (), "eval")
        return build_detector(compose_config("eval", [f"exported='{checkpoint}'"]))
    register_checkpoint(str(checkpoint))
    detector = build_detector(compose_config("eval", [f"checkpoint='{checkpoint}'"]))
    _load_weights(detector, checkpoint)
    return detector.eval()


def replay(file: str | Path) -> Replay:
    """Compute the batch again that stopped a training, with the weights that it had: one forward and one backward pass.

    It runs in float32 on the CPU. A term that is finite here was beyond the range of the training's precision.

    Args:
        file: `nonfinite-step-N.pt` in the folder of the run.

    Returns:
        The terms of the loss; the first part of the network whose output is not finite; the parameters whose gradients
        are not; the names of the clips. The file is also a checkpoint for `load_model`.

    Raises:
        WeightsError: The file is damaged, or not one of these.
    """
    batch = read_bad_batch(Path(file))
    return replay_batch(load_model(file).train(), batch)


def load_weights(
    model: Network, source: str | Path | Mapping[str, Any], strict: bool = True, reset_head: bool = False
) -> LoadReport:
    """Copy weights into a network; a file with one backbone fills only that backbone.

    Args:
        model: The detector.
        source: A weights file or a state dict: of this package, a released checkpoint of the family (YOWO to YOWOv3),
            COCO weights of the 2D backbone (yolo.weights, yolov2.pth) or Kinetics weights of the 3D backbone.
        strict: Whether it is an error if an entry is missing, unknown or of another shape.
        reset_head: Initialise the last convolution again instead of loading it, for other classes than the file's.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used or does not fit.
    """
    return _load_weights(model, source, strict, reset_head)


def compute_losses(
    model: Network, raw: RawOutput, targets: list[Target], samples_seen: int | None = None
) -> dict[str, Tensor]:
    """Compute the losses with the loss that the model was built with.

    Args:
        model: A detector from `build_model` or `load_model`.
        raw: Its output for B clips.
        targets: B dicts: `boxes` float [N, 4], x1 y1 x2 y2 as fractions of the picture; `labels` int64 [N] from 0, or
            float [N, C] multi-hot.
        samples_seen: Number of training samples so far, this batch included, for losses with an early phase
            (`loss.early_samples`); None is after it.

    Returns:
        Scalars `box`, `conf` (0 for a network without confidence), `cls` and `total`, their sum; if the box term is
        smooth L1 also `x`, `y`, `w`, `h`; of YOWOv3 also `distance`, which the sum includes. They are divided by B, in
        YOWOF, YOWOv2 and YOWOv3 by the positives or their goals; those of the original YOWO are sums.

    Raises:
        ConfigError: The model was built without a configuration, so it has no loss.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> model = build_model("yowo_tiny", dataset="motion")
        >>> targets = [{"boxes": torch.tensor([[0.1, 0.2, 0.4, 0.6]]), "labels": torch.tensor([3])}]
        >>> losses = compute_losses(model, model(torch.zeros(1, 3, 8, 96, 128)), targets)
        >>> sorted(losses)
        ['box', 'cls', 'conf', 'total']
    """
    if model.criterion is None:
        raise ConfigError("this detector has no loss; build it with yowo.build_model, or call a Criterion yourself")
    return model.criterion(raw, targets, samples_seen)


@torch.no_grad()
def detect(
    model: Network,
    clips: Tensor,
    score_threshold: float = 0.3,
    nms_threshold: float | None = None,
    top_k: int | None = None,
) -> list[Detections]:
    """Detect actions in clips, with the model's own rule for detections.

    The model runs in evaluation mode; afterwards each part is in the mode that it was in before. YOWO-Plus, YOWO-Nano
    and YOWO-Tiny: the (box, class) pairs with the best scores, suppressed class by class. The original YOWO: boxes with
    their best class, suppressed over all classes in the order of confidence, and not clipped to the picture. YOWOF,
    YOWOv2, YOWOv3: `yowo.models.sigmoid_scores`, `level_scores`, `pair_scores`.

    Args:
        model: The detector.
        clips: float [B, 3, K, H, W], normalised, key frame last.
        score_threshold: Only scores (multi-hot: confidences) above it are reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1; None takes the model's own.
        top_k: Number of (box, class) pairs taken from each clip before suppression (one-hot data sets); None takes the
            model's own, for UCF101-24 and JHMDB-21 as in the released evaluation (40; YOWOF 50; YOWOv2 40 of each
            level; YOWOv3 30,000) and all for your own data. The original YOWO has no limit.

    Returns:
        For each clip a dict, best score first, see `yowo.contracts.Detections`.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> model = build_model("yowo_tiny", dataset="motion")
        >>> found = detect(model, torch.zeros(2, 3, 8, 96, 128), score_threshold=0.0)
        >>> len(found), list(found[0])
        (2, ['boxes', 'scores', 'labels'])
    """
    training = [part for part in model.modules() if part.training]
    if training:
        model.eval()
    try:
        raw = model(clips)
    finally:
        for part in training:
            part.training = True
    rule = model.postprocess.with_options(
        score_threshold=score_threshold, nms_threshold=nms_threshold, top_k=top_k, every_class=False
    )
    return rule(raw)


class Detector(LiveTubes):
    """Detects on frames of your own, one after the other, and follows people from frame to frame.

    Examples:
        >>> _ = torch.manual_seed(0)
        >>> detector = Detector(build_model("yowo_tiny", "motion"), "device=cpu")
        >>> detector.step(np.zeros((48, 64, 3), np.uint8))  # no tube begins with the first frame
        []
    """

    def __init__(self, model: Network, *overrides: str) -> None:
        """Start before the first frame.

        Args:
            model: From `build_model` or `load_model`; it is moved to the device and stays in evaluation mode.
            overrides: As for `yowo detect`, such as "score_threshold=0.4", "stride=2", "device=cuda" or
                "linker.max_gap=10".

        Raises:
            ConfigError: An override is unknown or invalid, or the model was built without a configuration.
        """
        if model.recipe is None:
            raise ConfigError("this detector has no configuration; build it with yowo.build_model or yowo.load_model")
        register_parts(model.recipe, "detect")
        config = compose_config("detect", overrides)
        linker = make(config.linker)
        if not isinstance(linker, OnlineLinker):
            raise ConfigError(f"{config.linker._target_} needs all frames; on frames as they come use linker=online")
        stride, names = config.stride, list(config.dataset.classes)
        device, rule = pick_device(config.device), make(config.postprocess)
        network = build_frame_detector(config, model, device, rule=rule)
        threshold = config.score_threshold
        super().__init__(network, lambda: CurrentTracks(linker, len(names), stride), names, threshold, stride)

    @classmethod
    def from_checkpoint(cls, checkpoint: str | Path, *overrides: str) -> Self:
        """Make one of a checkpoint of `yowo train`, or of a file of `yowo export`.

        Args:
            checkpoint: The file.
            overrides: See the class.

        Raises:
            WeightsError: The file is damaged or was not written by this package.
            ConfigError: An override is unknown or invalid.
        """
        return cls(load_model(checkpoint), *overrides)


def stream(model: Network | Detector | str | Path, frames: Iterable[NDArray[np.uint8]]) -> Iterator[LiveFrame]:
    """Detect on frames as they come.

    Args:
        model: A network from `build_model` or `load_model`, the file of a checkpoint, or a `Detector`, which begins
            anew.
        frames: uint8 [H, W, 3] each, RGB, of one size.

    Yields:
        For each frame, before the next one is asked for, its tubes and detections.

    Raises:
        YowoError: A frame has another size or type.

    Examples:
        >>> frames = np.zeros((3, 48, 64, 3), np.uint8)
        >>> [(one.frame, one.tubes) for one in stream(build_model("yowo_tiny", "motion"), frames)]
        [(0, []), (1, []), (2, [])]
    """
    if isinstance(model, Detector):
        detector = model
    else:
        detector = Detector(model) if isinstance(model, torch.nn.Module) else Detector.from_checkpoint(model)
    detector.reset()
    for frame in frames:
        yield detector.result(frame)
