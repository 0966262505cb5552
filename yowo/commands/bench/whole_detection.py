"""The whole of `yowo detect` beside its network alone, for `yowo bench infer`."""

import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig
from rich.table import Table

from yowo.inference.drawing_options import PRESETS
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.frame_painter import FramePainter
from yowo.inference.frame_tracks import FinalTracks
from yowo.inference.outputs.box_table_output import BoxTableOutput
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.video_output import VideoOutput
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.watching.output_group import OutputGroup
from yowo.inference.watching.watch import Watching, seen_frames, watch
from yowo.tubes.online import OnlineLinker
from yowo.video.frame_source import open_file
from yowo.video.read_ahead import ReadAhead
from yowo.video.reader import open_video

TURNS = 3
PRESET = PRESETS[2]
"""Of the video that is written."""


class Used(NamedTuple):
    """Seconds of one run.

    Attributes:
        wall: By the clock.
        cpu: Of all threads of this process.
    """

    wall: float
    cpu: float


def whole_table(config: DictConfig, title: str, detector: FrameDetector, video: Path, most: int) -> Table:
    """Run the network alone, and everything that `yowo detect` does, in turns over the same frames.

    Args:
        config: Names decoder and classes.
        title: Of the backend.
        detector: Finds a few boxes on each frame, which are drawn.
        video: The file.
        most: Frames of it that are used at most.

    Returns:
        A table with the medians of the turns.
    """
    with open_video(video, decoder=config.decoder.name) as reader:
        pictures = reader.get_frames(range(min(most, len(reader))))
    alone, whole = [], []
    for _ in range(TURNS):
        detector.reset()
        begin = _now()
        for picture in pictures:
            detector.add(picture[None], [True])
        alone.append(_since(begin))
        detector.reset()
        begin = _now()
        detect_all(config, detector, video, len(pictures))
        whole.append(_since(begin))
    table = Table("", title=f"{title}: {len(pictures)} frames of {video.name}, one by one", title_justify="left")
    for column in ("FPS", "ms a frame", "CPU ms a frame"):
        table.add_column(column, justify="right")
    for name, runs in (("network alone", alone), ("yowo detect: decode, network, tubes, draw, encode", whole)):
        wall, cpu = (statistics.median(column) / len(pictures) for column in zip(*runs, strict=True))
        table.add_row(name, f"{1 / wall:.2f}", f"{1000 * wall:.1f}", f"{1000 * cpu:.1f}")
    ratio = statistics.median(all_.wall / one.wall for one, all_ in zip(alone, whole, strict=True))
    table.add_row("the whole takes longer by", "", f"{100 * (ratio - 1):.0f} %", "")
    return table


def detect_all(config: DictConfig, detector: FrameDetector, video: Path, count: int) -> None:
    """Do what `yowo detect source=VIDEO batch_size=1` does, with the first frames of a video."""
    names = list(config.dataset.classes)
    how = Watching(video.stem, 0.0, batch_size=1)
    meter = StreamMeter()
    with tempfile.TemporaryDirectory() as folder, ReadAhead(open_file(str(video), config.decoder.name)) as source:
        size = (source.width, source.height)
        facts = StreamFacts(video.stem, str(video), source.fps, *size, count, False, names, False, video)
        outputs = OutputGroup(
            [
                VideoOutput(Path(folder) / "video.mp4", facts, FramePainter(names, size), PRESET),
                BoxTableOutput(Path(folder) / "video.csv", facts),
            ]
        )
        frames = islice(seen_frames(source, detector, how, meter), count)
        watch(frames, FinalTracks(OnlineLinker(), len(names)), outputs, how, meter)


def _now() -> Used:
    return Used(time.perf_counter(), time.process_time())


def _since(begin: Used) -> Used:
    now = _now()
    return Used(now.wall - begin.wall, now.cpu - begin.cpu)
