"""`yowo detect`: an annotated video and a detections file from a checkpoint and a video."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console
from torch import Tensor

from yowo.commands.hydra_app import run_hydra
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import check_network, load_network, remember_network
from yowo.config.build import build_context, build_detector, build_eval_transform, make
from yowo.config.checks import check_required
from yowo.contracts import Detections
from yowo.errors import ConfigError
from yowo.evaluation.detections_csv import write_csv
from yowo.inference.drawing import draw_boxes
from yowo.inference.feature_bank import bank_of_video
from yowo.inference.streaming import detect_frames
from yowo.models.detector import Detector
from yowo.progress import track
from yowo.video.frame_source import FrameSource, ReaderSource
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter

Features = Callable[[Sequence[int]], Tensor]
"""Returns the 3D features, float [B, C, h, w], of B frames by their positions."""
FILE_READER = "yowo.video.frame_source.open_file"
"""`_target_` of conf/reader/file.yaml, the reader whose source is a path."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo detect`."""
    run_hydra("detect", detect_video, remember_network("detect", arguments), check)


def check(config: DictConfig) -> None:
    """Check what detection needs, before anything is read.

    Raises:
        ConfigError: Checkpoint or source is missing or does not exist, or there is no such device.
    """
    check_network(config, "detect")
    source = Path(str(check_required(config, "source", "yowo detect checkpoint=best.ckpt source=VIDEO")))
    if config.reader._target_ == FILE_READER and not source.exists():
        raise ConfigError(f"source={source}: there is no such video or folder")
    pick_device(config.device)


def pick_device(name: str) -> torch.device:
    """Return the device with a name; "auto" is the GPU if there is one, otherwise the CPU.

    Raises:
        ConfigError: This machine has no such device.
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


def open_source(config: DictConfig) -> FrameSource:
    """Open the source of frames that the configuration names, by its reader.

    Raises:
        ConfigError: The reader cannot be made, or the decoder is unknown.
        VideoError: The source cannot be opened.
    """
    source: FrameSource = make(config.reader, source=str(config.source), decoder=config.decoder.name)
    return source


def detect_video(config: DictConfig) -> None:
    """Detect as configured and print where the results are."""
    record_run(config)
    detector = build_detector(config)
    load_network(detector, config)
    source = Path(str(config.source))
    output = Path(config.output) if config.output else run_folder() / f"{source.stem}_detected.mp4"
    with ExitStack() as stack:
        frames = stack.enter_context(open_source(config))
        features = stack.enter_context(look_ahead(detector, config, frames))
        count = annotate(detector, config, frames, source.stem, output, features)
    console = Console()
    console.print(f"{count} detections on {source.name}", highlight=False)
    console.print(f"video: {output}", highlight=False, soft_wrap=True)
    console.print(f"detections: {output.with_suffix('.csv')}", highlight=False, soft_wrap=True)


@contextmanager
def look_ahead(detector: Detector, config: DictConfig, frames: FrameSource) -> Iterator[Features | None]:
    """Open what gives the features around key frames; None with context=none.

    The video is opened a second time, so that both readers read forward only.

    Args:
        detector: The network; it may still be moved to another device.
        config: Names context, source and decoder.
        frames: The open source.

    Raises:
        ConfigError: The source is not a video that can be opened twice and read at any position.
    """
    context = build_context(config)
    if context is None:
        yield None
        return
    if not isinstance(frames, ReaderSource):
        raise ConfigError(
            f"source={config.source} is read forward only and context=lfb looks ahead of the frame it judges; give a "
            "video file (reader=file), or context=none"
        )
    with open_video(str(config.source), decoder=config.decoder.name) as ahead:
        yield bank_of_video(context, detector, build_eval_transform(config), ahead).mean


def annotate(
    detector: Detector,
    config: DictConfig,
    frames: FrameSource,
    name: str,
    output: Path,
    features: Features | None = None,
) -> int:
    """Detect on every frame; write the video with boxes, and the detections as a CSV file of the same name.

    Args:
        detector: The network.
        config: Names classes, clip length, thresholds and device.
        frames: The open source; it is read until it ends.
        name: Name of the video in the table.
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
        frames,
        config.dataset.clip_len if features is None else 1,
        config.dataset.dilation,
        config.get("batch_size", 8),
        device,
        features,
    )
    rows: list[tuple[int, Detections]] = []
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for result in track(results, "detecting", frames.length):
            picture = drawn(result.picture, result.detections, names)
            if writer is None:
                size = (picture.shape[1], picture.shape[0])
                writer = stack.enter_context(VideoWriter(output, frames.fps, size))
            writer.write(picture)
            rows.append((result.frame, result.detections))
    return write_csv(output.with_suffix(".csv"), name, (frames.width, frames.height), rows, names)


def drawn(picture: NDArray[np.uint8], found: Detections, names: Sequence[str]) -> NDArray[np.uint8]:
    """Draw the detections of a frame on a copy of it, which is enlarged if it is small.

    Args:
        picture: uint8 [H, W, 3], RGB.
        found: Detections of the frame, see `Detections`.
        names: Names of the C classes.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    labels = found["labels"] if "labels" in found else found["scores"]
    return draw_boxes(picture, found["boxes"], labels, names, scores=found["scores"])
