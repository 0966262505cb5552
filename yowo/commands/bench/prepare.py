"""`yowo bench prepare`: compares a film with its prepared copy: random clips per CPU second, and size in bytes."""

import argparse
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.data.clips import CLIP_RATE
from yowo.errors import ConfigError, DatasetError
from yowo.progress import working
from yowo.reports.narrow_tables import print_table
from yowo.storage.preparation import prepare
from yowo.storage.transcoder import Recipe
from yowo.video.probe import VideoInfo, probe_video
from yowo.video.reader import open_video

EPILOG = """example:
  yowo bench prepare FILM
python -m benchmarks.film, in a checkout, makes a film of 15 minutes from short clips.
A clip is read as in a data worker: the file is opened, the frames are decoded, the file is closed. CPU seconds are
those of this process, with the threads of decoders. The JPEGs are those that released pipelines extract: 30 per second,
full resolution, ffmpeg's best quality (-q:v 1). Their size is estimated from --jpegs evenly spread frames."""
CLIP_LEN = 16
"""Frames of a clip."""


class Reading(NamedTuple):
    """The reading speed and size of a file.

    Attributes:
        clips: Random clips per CPU second.
        bytes: Size of the file in bytes.
        info: Result of probing the file.
    """

    clips: float
    bytes: int
    info: VideoInfo


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench prepare`.

    Raises:
        ConfigError: There is no such film, or a number is not above 0.
        VideoError: A video cannot be read.
        DatasetError: The film cannot be prepared.
    """
    options = parser().parse_args(arguments)
    if min(options.reads, options.jpegs) <= 0:
        raise ConfigError(f"--reads, --jpegs: expected numbers above 0, got {options.reads} and {options.jpegs}")
    if not options.film.is_file():
        raise ConfigError(f"{options.film}: there is no such film; check the path")
    recipe = Recipe(options.short_side, options.gop)
    with tempfile.TemporaryDirectory() as folder, working(f"measuring {options.film}"):
        originals, output = Path(folder) / "film", Path(folder) / "film_prepared"
        originals.mkdir()
        film = (originals / "film").with_suffix(options.film.suffix)
        film.symlink_to(options.film.resolve())
        begin = time.perf_counter()
        outcome = prepare(originals, output, recipe, workers=1)
        seconds = time.perf_counter() - begin
        if outcome.failed:
            raise DatasetError(outcome.failed[0])
        before = read(film, options.reads)
        after = read(output / "film.mp4", options.reads * 4)
        pictures = jpeg_bytes(film, before.info, options.jpegs)
    console = Console()
    print_table(console, table(before, after, pictures))
    line = f"prepared in {seconds:.0f} s ({before.info.num_frames / seconds:.0f} frames per second, one process)"
    console.print(line, highlight=False)


def read(path: Path, count: int) -> Reading:
    """Measure the reading of random clips; files of the same length get the same clips.

    Args:
        path: The video.
        count: Number of clips.

    Returns:
        Clips per CPU second (without probing), and the size of the file.
    """
    info = probe_video(path)
    last = max(0, info.num_frames - CLIP_LEN)
    starts = np.random.default_rng(0).integers(last + 1, size=count)
    begin = time.process_time()
    for start in starts.tolist():
        with open_video(path, info.backend) as reader:
            reader.get_frames(np.minimum(start + np.arange(CLIP_LEN), info.num_frames - 1))
    return Reading(count / (time.process_time() - begin), path.stat().st_size, info)


def jpeg_bytes(path: Path, info: VideoInfo, count: int) -> int:
    """Return the size in bytes of a film as JPEGs, 30 per second, estimated from `count` evenly spread frames."""
    positions = np.unique(np.linspace(0, info.num_frames - 1, count).astype(int))
    with open_video(path, info.backend) as reader:
        sizes = [len(_jpeg(reader.get_frames([position])[0])) for position in positions.tolist()]
    return round(float(np.mean(sizes)) * info.num_frames / info.fps * CLIP_RATE)


def _jpeg(picture: np.ndarray) -> bytes:
    """Encode a picture, uint8 [H, W, 3] RGB, as JPEG, as `ffmpeg -q:v 1` does."""
    written = BytesIO()
    with av.open(written, "w", format="image2pipe") as container:
        stream = container.add_stream("mjpeg", rate=1, options={"flags": "+qscale", "global_quality": "118"})
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.thread_count = 1  # with more threads, Huffman tables are not optimised as in ffmpeg
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return written.getvalue()


def table(before: Reading, after: Reading, pictures: int) -> Table:
    """Return a table that compares the film, its prepared copy and its JPEGs (`pictures` bytes)."""
    info = before.info
    title = f"{info.num_frames / info.fps / 60:.1f} minutes of {info.width}x{info.height}, clips of {CLIP_LEN} frames"
    made = Table("", title=title, title_justify="left")
    for column in ("random clips per CPU second", "factor", "MB", "size / JPEGs"):
        made.add_column(column, justify="right")
    for name, one in (("the film", before), ("prepared", after)):
        share = f"1/{pictures / one.bytes:.0f}"
        made.add_row(name, f"{one.clips:.2f}", f"{one.clips / before.clips:.1f}", f"{one.bytes / 1e6:,.1f}", share)
    made.add_row("JPEGs", "", "", f"{pictures / 1e6:,.1f}", "1")
    return made


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo bench prepare",
        description="Random access to a long film before and after yowo data prepare.",
        epilog=EPILOG,
    )
    made.add_argument("film", type=Path, metavar="FILM", help="the film to measure")
    made.add_argument(
        "--reads", type=int, default=50, help="clips to read from the film, and four times as many from its copy (50)"
    )
    made.add_argument("--jpegs", type=int, default=300, help="frames to encode as JPEGs (300)")
    made.add_argument(
        "--short-side", type=int, default=Recipe().short_side, help="as in yowo data prepare, pixels (256)"
    )
    made.add_argument("--gop", type=int, default=Recipe().gop, help="as in yowo data prepare, frames (8)")
    return made
