"""`yowo detect`: an annotated video and a detections file from a checkpoint and a video."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import track
from torch import Tensor

from yowo.commands.hydra_app import run_hydra
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import check_network, load_network, remember_network
from yowo.config.build import build_context, build_detector, build_eval_transform
from yowo.config.checks import check_required
from yowo.contracts import Detections
from yowo.errors import ConfigError
from yowo.evaluation.detections_csv import write_csv
from yowo.inference.drawing import draw_boxes
from yowo.inference.feature_bank import bank_of_video
from yowo.inference.streaming import detect_frames
from yowo.models.detector import Detector
from yowo.video.reader import VideoReader, open_video
from yowo.video.writer import VideoWriter


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo detect`."""
    run_hydra("detect", detect_video, remember_network("detect", arguments), check)


def check(config: DictConfig) -> None:
    """Check what detection needs, before anything is read.

    Raises:
        ConfigError: Checkpoint or source is not given or not there, or the device is not.
    """
    check_network(config, "detect")
    source = Path(str(check_required(config, "source", "yowo detect checkpoint=best.ckpt source=VIDEO")))
    check_context(config)
    if not source.exists():
        raise ConfigError(f"source={source}: there is no such video or folder")
    pick_device(config.device)


def check_context(config: DictConfig) -> None:
    """Check that what looks ahead gets a source that can be looked ahead in.

    Raises:
        ConfigError: The source is a camera or a stream.
    """
    source = str(config.source)
    if build_context(config) is not None and (source.isdigit() or "://" in source):
        raise ConfigError(
            f"source={source} is live and context=lfb looks ahead of the frame it judges; give a video file, or "
            "context=none"
        )


def pick_device(name: str) -> torch.device:
    """Return the device of a name; "auto" is the GPU where there is one.

    Raises:
        ConfigError: There is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device={name}: expected auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"device={name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device


def detect_video(config: DictConfig) -> None:
    """Detect as configured and print where the results are."""
    record_run(config)
    detector = build_detector(config)
    load_network(detector, config)
    source = Path(config.source)
    output = Path(config.output) if config.output else run_folder() / f"{source.stem}_detected.mp4"
    context = build_context(config)
    with ExitStack() as stack:
        reader = stack.enter_context(open_video(str(source)))
        features = None
        if context is not None:  # a reader of its own, so that both read forward only
            ahead = stack.enter_context(open_video(str(source)))
            features = bank_of_video(context, detector, build_eval_transform(config), ahead).mean
        count = annotate(detector, config, reader, source.stem, output, features)
    console = Console()
    console.print(f"{count} detections on {source.name}", highlight=False)
    console.print(f"video: {output}", highlight=False, soft_wrap=True)
    console.print(f"detections: {output.with_suffix('.csv')}", highlight=False, soft_wrap=True)


def annotate(
    detector: Detector,
    config: DictConfig,
    reader: VideoReader,
    name: str,
    output: Path,
    features: Callable[[Sequence[int]], Tensor] | None = None,
) -> int:
    """Detect on every frame; write the video with boxes, and beside it the detections as CSV.

    Args:
        detector: The network.
        config: Names classes, clip length, thresholds and device.
        reader: The open video.
        name: Of the video, for the table.
        output: The video to write.
        features: See `detect_frames`.

    Returns:
        Number of detections.

    Raises:
        VideoError: A frame cannot be read, or the video cannot be written.
    """
    device = pick_device(config.get("device", "auto"))
    threshold = config.get("score_threshold", config.dataset.show_threshold)
    names = list(config.dataset.classes)
    results = detect_frames(
        detector.eval().to(device),
        detector.postprocess.with_options(score_threshold=threshold),
        build_eval_transform(config),
        reader,
        config.dataset.clip_len if features is None else 1,
        config.dataset.dilation,
        config.get("batch_size", 8),
        device,
        features,
    )
    rows: list[tuple[int, Detections]] = []
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for result in track(results, description="detecting", total=len(reader)):
            picture = drawn(result.picture, result.detections, names)
            if writer is None:
                size = (picture.shape[1], picture.shape[0])
                writer = stack.enter_context(VideoWriter(output, reader.fps, size))
            writer.write(picture)
            rows.append((result.frame, result.detections))
    return write_csv(output.with_suffix(".csv"), name, (reader.width, reader.height), rows, names)


def drawn(picture: NDArray[np.uint8], found: Detections, names: Sequence[str]) -> NDArray[np.uint8]:
    """Draw the detections of a frame into a copy of it, enlarged where it is small."""
    labels = found["labels"] if "labels" in found else found["scores"]
    return draw_boxes(picture, found["boxes"], labels, names, scores=found["scores"])
