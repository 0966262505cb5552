"""`yowo detect`: an annotated video and a detections file from a checkpoint and a video."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.annotated_video import Features, annotate
from yowo.commands.output_paths import table_path
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import load_network
from yowo.config.build import build_context, build_detector, build_eval_transform, make
from yowo.errors import ConfigError
from yowo.inference.feature_bank import bank_of_video
from yowo.models.detector import Detector
from yowo.video.frame_source import FrameSource, ReaderSource
from yowo.video.reader import open_video
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)


def open_source(config: DictConfig) -> FrameSource:
    """Open the source of frames that the configuration names, by its reader.

    Raises:
        ConfigError: The reader cannot be made, or the decoder is unknown.
        VideoError: The source cannot be opened.
    """
    source: FrameSource = make(config.reader, source=str(config.source), decoder=config.decoder.name)
    return source


@disk_errors()
def detect_video(config: DictConfig) -> None:
    """Detect as configured and print where the results are."""
    record_run(config)
    detector = build_detector(config)
    load_network(detector, config)
    source = Path(str(config.source))
    name = video_name(source)
    output = Path(str(config.output)) if config.output else run_folder() / f"{name}_detected.mp4"
    with ExitStack() as stack:
        frames = stack.enter_context(open_source(config))
        features = stack.enter_context(look_ahead(detector, config, frames))
        written = annotate(detector, config, frames, name, output, features)
    log.info("%d detections, %d tracks on %s", written.detections, written.tracks, source.name)
    log.info("video: %s", output)
    log.info("detections: %s", table_path(output))


def video_name(source: Path) -> str:
    """Return the name of a source in the table, as `yowo data import` names videos: a file's without its ending."""
    return source.resolve().name if source.is_dir() else source.stem


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
