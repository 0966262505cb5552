"""Makes a film for benchmarks: shots cut from short clips, enlarged, and encoded with the settings of films.

python -m benchmarks.film DIR --output film.mp4        then: yowo bench prepare film.mp4
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rich.progress import Progress

from yowo.errors import VideoError
from yowo.video.frames import Frames
from yowo.video.readable_videos import SUFFIXES
from yowo.video.reader import open_video
from yowo.whole_file import whole_file

RATE = 30
"""Frames per second."""
SIZE = (1280, 720)
"""Width and height in pixels."""
SHOT = (2, 6)
"""Length of the shortest and the longest shot in seconds."""
MOST_ZOOM = 1.5
"""Largest enlargement beyond the factor that fills the picture."""


def find_clips(folder: Path) -> list[Path]:
    """Return the videos at any depth below a folder.

    Raises:
        VideoError: The folder has no video.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise VideoError(f"{folder}: expected a folder with videos ({', '.join(SUFFIXES)}), found none")
    return found


def make_film(
    path: Path, clips: Sequence[Path], seconds: float, done: Callable[[int], object] = lambda n: None
) -> None:
    """Write a film of 1280 x 720 at 30 frames per second: H.264, with x264's default key frames (250 apart or at cuts).

    Args:
        path: The file to write.
        clips: Short videos. Shots are parts of them, randomly flipped and enlarged, with a fixed seed.
        seconds: Length of the film in seconds.
        done: Called with the number of frames written so far.

    Raises:
        VideoError: A clip cannot be read.
    """
    total = round(seconds * RATE)
    with whole_file(path) as unfinished, av.open(str(unfinished), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        count = 0
        for shot in _shots(clips):
            for picture in shot[: total - count]:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame = frame.reformat(*SIZE, format="yuv420p", interpolation="LANCZOS")
                frame.pts, frame.time_base = count, Fraction(1, RATE)
                container.mux(stream.encode(frame))
                count += 1
            done(count)
            if count >= total:
                break
        container.mux(stream.encode())


def _shots(clips: Sequence[Path]) -> Iterator[Frames]:
    """Yield shots without end: uint8 [N, h, w, 3], RGB, in the aspect ratio of the film."""
    random = np.random.default_rng(0)
    while True:
        with open_video(clips[int(random.integers(len(clips)))]) as reader:
            length = min(len(reader), int(random.integers(SHOT[0] * RATE, SHOT[1] * RATE + 1)))
            first = int(random.integers(len(reader) - length + 1))
            frames = reader.get_frames(range(first, first + length))
        scale = random.uniform(1, MOST_ZOOM) * max(SIZE[0] / frames.shape[2], SIZE[1] / frames.shape[1])
        width, height = (max(1, round(side / scale)) for side in SIZE)
        left, top = (
            int(random.integers(have - want + 1))
            for have, want in ((frames.shape[2], width), (frames.shape[1], height))
        )
        shot = frames[:, top : top + height, left : left + width]
        yield shot[:, :, ::-1] if random.random() < 0.5 else shot


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a film with the options of the command line.

    Raises:
        VideoError: There is no clip, or a clip cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.film", description="Make a film from short clips.")
    parser.add_argument("clips", type=Path, metavar="DIR", help="folder of short videos, at any depth")
    parser.add_argument("--output", type=Path, default=Path("film.mp4"), help="the film (film.mp4)")
    parser.add_argument("--seconds", type=float, default=900.0, help="length of the film in seconds (900)")
    options = parser.parse_args(arguments)
    with Progress(transient=True) as progress:
        task = progress.add_task("making the film", total=round(options.seconds * RATE))
        make_film(
            options.output, find_clips(options.clips), options.seconds, lambda n: progress.update(task, completed=n)
        )


if __name__ == "__main__":
    main()
