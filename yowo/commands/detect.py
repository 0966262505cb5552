"""`yowo detect`: what a network finds on videos and streams, as configured."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.detect_outputs import build_outputs
from yowo.commands.named_sources import named_sources
from yowo.commands.records import record_run
from yowo.commands.starting_weights import load_network
from yowo.commands.watch_source import Watched, watch_source
from yowo.config.build import build_context, build_detector, build_eval_transform, make
from yowo.config.frame_detector import build_frame_detector
from yowo.errors import ConfigError
from yowo.inference.clip_detector import Features
from yowo.inference.devices import pick_device
from yowo.inference.feature_bank import bank_of_video
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.watching.watch import Watching
from yowo.models.detector import Detector
from yowo.video.frame_source import FrameSource, ReaderSource, is_live
from yowo.video.read_ahead import read_ahead
from yowo.video.reader import open_video
from yowo.video.source_names import Source, SourceKind, shown
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)


@disk_errors()
def detect_video(config: DictConfig) -> None:
    """Detect as configured and print where the results are."""
    record_run(config)
    detector = load_detector(config)
    source = named_sources(config).each[0]
    watched = detect_one(config, detector, source)
    log.info(
        "%d frames, %d detections, %d tubes, %d people on %s",
        watched.frames,
        watched.detections,
        watched.tubes,
        watched.people,
        source.name,
    )
    if watched.dropped:
        log.info("%d frames came too fast and were dropped; latency=none keeps them", watched.dropped)
    for words in watched.kept:
        log.info(words)


def load_detector(config: DictConfig) -> Detector:
    """Build the network of a configuration and load its weights."""
    detector = build_detector(config)
    load_network(detector, config)
    return detector


def open_source(config: DictConfig, address: str | None = None) -> FrameSource:
    """Open a source of frames by the reader of the configuration.

    Args:
        config: Names reader and decoder.
        address: What to open; None is `source`.

    Raises:
        ConfigError: The reader cannot be made, or the decoder is unknown.
        VideoError: The source cannot be opened.
    """
    named = str(config.source) if address is None else address
    source: FrameSource = make(config.reader, source=named, decoder=config.decoder.name)
    return source


def detect_one(config: DictConfig, detector: Detector, source: Source, folder: Path | None = None) -> Watched:
    """Detect on one source and write the outputs of the configuration.

    Args:
        config: Of the command.
        detector: The network with its weights; it is moved to the device.
        source: What to read.
        folder: Where files lie that `output` does not name; None is the folder of the run.

    Raises:
        ConfigError: Parts of the configuration do not go together.
        VideoError: The source cannot be read; the outputs hold the frames until then.
        YowoError, OSError: An output cannot be written.
    """
    how = Watching(source.name, config.score_threshold, config.stride, config.batch_size)
    with ExitStack() as stack:
        opened = open_source(config, source.address)
        frames = stack.enter_context(read_ahead(opened))
        features = stack.enter_context(look_ahead(detector, config, opened, source.address))
        facts = stream_facts(detector, config, source, frames)
        network = build_frame_detector(config, detector, pick_device(config.device), features)
        return watch_source(
            frames,
            lambda: read_ahead(open_source(config, source.address)),
            network,
            make(config.linker),
            lambda meter: build_outputs(config, facts, meter, folder),
            facts,
            how,
        )


def stream_facts(detector: Detector, config: DictConfig, source: Source, frames: FrameSource) -> StreamFacts:
    """Return what outputs know of an open source."""
    return StreamFacts(
        name=source.name,
        source=shown(source.address),
        fps=frames.fps,
        width=frames.width,
        height=frames.height,
        length=frames.length,
        live=is_live(frames),
        classes=list(config.dataset.classes),
        multi_hot=detector.exclusive_classes < detector.num_classes,
        file=None if source.kind is SourceKind.LIVE else Path(source.address),
    )


@contextmanager
def look_ahead(detector: Detector, config: DictConfig, frames: FrameSource, address: str) -> Iterator[Features | None]:
    """Open what gives the features around key frames; None with context=none.

    The video is opened a second time, so that both readers read forward only.

    Args:
        detector: The network; it may still be moved to another device.
        config: Names context and decoder.
        frames: The open source.
        address: What it was opened by.

    Raises:
        ConfigError: The source is not a video that can be opened twice and read at any position.
    """
    context = build_context(config)
    if context is None:
        yield None
        return
    if not isinstance(frames, ReaderSource):
        raise ConfigError(
            f"source={address} is read forward only and context=lfb looks ahead of the frame it judges; give a "
            "video file, or context=none"
        )
    with open_video(address, decoder=config.decoder.name) as ahead:
        yield bank_of_video(context, detector, build_eval_transform(config), ahead).mean
