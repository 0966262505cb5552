"""AVA's films: where they are, and which second of the film a file begins at."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from yowo.data.clips import CLIP_RATE
from yowo.data.key_frames import AnnotatedVideo
from yowo.errors import DatasetError
from yowo.video.frame_times import FrameTimes, read_many_times
from yowo.video.readable_videos import SUFFIXES, clip_backend, readable

Start = float | Literal["auto"]
CUT_AT = 900.0
"""Second of the film at which the quarter of an hour that AVA annotates begins, and files cut to it."""
END_SLACK = 1.0
"""Seconds that annotation may go beyond a film's end: its last frame is shown until then."""
MARGIN = 60.0
"""Seconds of time stamps that are kept before and after the annotated ones."""
PICTURES = (".jpg", ".jpeg", ".png")


def film_files(root: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the film files below `videos/` among `names`, by name.

    Raises:
        DatasetError: A film is there twice.
    """
    folder, wanted = root / "videos", set(names)
    found: dict[str, Path] = {}
    for path in sorted((*folder.glob("*"), *folder.glob("*/*"))):
        if path.suffix.lower() not in SUFFIXES or path.stem not in wanted:
            continue
        if path.stem in found:
            raise DatasetError(f"{path}: the same film as {found[path.stem]}; keep one of them")
        found[path.stem] = path
    return found


def open_films(files: Mapping[str, Path], on_unreadable: str, decoder: str = "decord") -> list[AnnotatedVideo]:
    """Describe film files, with the time stamps of all their frames, second 0 at the file's beginning.

    Args:
        files: Film files by name.
        on_unreadable: "error" or "skip".
        decoder: "decord" or "pyav".

    Raises:
        DatasetError: One cannot be read and `on_unreadable` is "error", or none can.
    """
    infos = readable({name: str(path) for name, path in files.items()}, on_unreadable, decoder)
    times = read_many_times({str(files[name]): info.num_frames for name, info in infos.items()})
    return [
        AnnotatedVideo(
            name,
            str(files[name]),
            info.num_frames,
            (info.width, info.height),
            (),
            clip_backend(info),
            times[str(files[name])],
        )
        for name, info in infos.items()
    ]


def open_pictures(root: Path, names: Sequence[str]) -> list[AnnotatedVideo]:
    """Describe the films of `names` that lie below `frames/` as pictures, 30 of each second, numbered from 1.

    Raises:
        DatasetError: Numbers are missing, or the first picture cannot be read.
    """
    found = []
    for name in names:
        folder = root / "frames" / name
        if not folder.is_dir():
            continue
        pictures = sorted(entry.name for entry in os.scandir(folder) if entry.name.lower().endswith(PICTURES))
        numbers = [file.rpartition(".")[0].rpartition("_")[2] for file in pictures]
        if not numbers or not all(map(str.isdecimal, numbers)) or [*map(int, numbers)] != [*range(1, len(numbers) + 1)]:
            raise DatasetError(
                f"{folder}: expected pictures {name}_000001.jpg to {name}_{len(pictures):06d}.jpg without a gap, 30 of "
                "each second; extract the film again"
            )
        try:
            with Image.open(folder / pictures[0]) as picture:
                size = picture.size
        except (OSError, UnidentifiedImageError) as error:
            raise DatasetError(f"{folder / pictures[0]}: not a readable picture ({error})") from error
        times = FrameTimes.even(len(pictures), CLIP_RATE)
        found.append(AnnotatedVideo(name, str(folder), len(pictures), size, (), "frames", times))
    return found


def start_of(film: AnnotatedVideo, end: float, last: float, start: Start) -> float:
    """Find out which second of the film its file begins at.

    A file that is long enough for the last second that the data set annotates is a whole film, others are cut to the
    annotated quarter of an hour. That is wrong for a cut that goes on for long after it: give `start` then.

    Args:
        film: Its file.
        end: Seconds that the file lasts.
        last: Last second that is annotated in the data set, on the clock of the whole film.
        start: "auto", or the answer.
    """
    if start != "auto":
        return float(start)
    return 0.0 if end >= last - END_SLACK else CUT_AT


def set_clock(film: AnnotatedVideo, start: float, offset: float, seconds: np.ndarray) -> FrameTimes:
    """Put a film's time stamps on the clock of AVA's timestamps and keep those around the annotated ones.

    Args:
        film: With times that begin at 0.
        start: Second of the film at which its file begins.
        offset: Seconds from a timestamp to its key frame.
        seconds: float64 [n], at least one: the film's annotated timestamps.
    """
    times = (film.times or FrameTimes.even(film.num_frames, CLIP_RATE)).shifted(start - offset)
    return times.between(float(seconds.min()) - MARGIN, float(seconds.max()) + MARGIN)
