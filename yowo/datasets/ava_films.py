"""AVA's films: finding the files, and the second of the film at which a file starts."""

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
"""Second of the film at which the 15 annotated minutes start, and with them the files that are cut to these."""
END_SLACK = 1.0
"""Tolerance in seconds by which a timestamp may be later than the film's end; its last frame is used."""
MARGIN = 60.0
"""Seconds before the first and after the last annotated timestamp for which frame times are kept."""
PICTURES = (".jpg", ".jpeg", ".png")


def film_files(root: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the files in `videos/` and its subfolders whose names are in `names`, by name without extension.

    Raises:
        DatasetError: A film has two files.
    """
    folder, wanted = root / "videos", set(names)
    found: dict[str, Path] = {}
    for path in sorted((*folder.glob("*"), *folder.glob("*/*"))):
        if path.suffix.lower() not in SUFFIXES or path.stem not in wanted:
            continue
        if path.stem in found:
            raise DatasetError(f"{path}: is the same film as {found[path.stem]}; remove one of them")
        found[path.stem] = path
    return found


def open_films(files: Mapping[str, Path], on_unreadable: str, decoder: str = "decord") -> list[AnnotatedVideo]:
    """Probe film files and read the presentation times of all their frames, in seconds from the start of the file.

    Args:
        files: Film files by name.
        on_unreadable: What to do with unreadable files: "error" or "skip".
        decoder: Preferred decoder, "decord" or "pyav".

    Raises:
        DatasetError: A file cannot be read and `on_unreadable` is "error", or no file can be read.
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
    """Return the films of `names` that exist in `frames/` as pictures, 30 per second, numbered from 1.

    Raises:
        DatasetError: A number is missing, or the first picture cannot be read.
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
                f"{folder}: expected pictures {name}_000001.jpg to {name}_{len(pictures):06d}.jpg without a gap, 30 "
                "per second; extract the film again"
            )
        try:
            with Image.open(folder / pictures[0]) as picture:
                size = picture.size
        except (OSError, UnidentifiedImageError) as error:
            raise DatasetError(f"{folder / pictures[0]}: not a readable picture ({error}); extract it again") from error
        times = FrameTimes.even(len(pictures), CLIP_RATE)
        found.append(AnnotatedVideo(name, str(folder), len(pictures), size, (), "frames", times))
    return found


def start_of(film: AnnotatedVideo, end: float, last: float, start: Start) -> float:
    """Return the second of the film at which its file starts.

    With "auto", a file that is long enough to contain the last annotated second of the data set is taken as a whole
    film, any other as cut to the 15 annotated minutes. This is wrong for a file that starts at second 900 but continues
    long after these minutes; give `start` for such files.

    Args:
        film: The film.
        end: Length of the file in seconds.
        last: Last annotated timestamp of the data set, in seconds of the whole film.
        start: "auto", or the second itself, which is then returned.
    """
    if start != "auto":
        return float(start)
    return 0.0 if end >= last - END_SLACK else CUT_AT


def set_clock(film: AnnotatedVideo, start: float, offset: float, seconds: np.ndarray) -> FrameTimes:
    """Convert a film's frame times to seconds of the whole film, and keep those near annotated timestamps.

    Args:
        film: The film, with times that start at 0.
        start: Second of the film at which its file starts.
        offset: Seconds from a timestamp to its key frame.
        seconds: float64 [n], n >= 1: the film's annotated timestamps in seconds.
    """
    times = (film.times or FrameTimes.even(film.num_frames, CLIP_RATE)).shifted(start - offset)
    return times.between(float(seconds.min()) - MARGIN, float(seconds.max()) + MARGIN)
