"""Which videos a split has, and which of them can be read."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from yowo.data.table import text_lines
from yowo.errors import ConfigError, DatasetError
from yowo.video.probe import VideoInfo, probe_videos

log = logging.getLogger(__name__)
ALL = "all"
SUFFIXES = (".avi", ".mp4", ".mkv", ".webm")
"""Endings of the video files of data sets that others laid out."""
LONG = 3000
"""Frames from which on PyAV reads a film: it numbers the frames once, decord anew for every clip."""


def name_list(
    chosen: str | Sequence[str] | None, key: str, known: Sequence[str], strict: bool = True
) -> list[str] | None:
    """Return the sorted names that a split is given by.

    Args:
        chosen: None, "all", names, or the path of a text file with one name a line. A suffix of the file's name
            (".avi") and what follows a blank (a class number) are dropped.
        key: Configuration key or file for the message.
        known: Names that exist.
        strict: Whether a name that does not exist is an error; else it is left out.

    Returns:
        The names, or None where `chosen` is None.

    Raises:
        ConfigError: A name is not known, or the file is not there.
    """
    if chosen is None:
        return None
    if isinstance(chosen, str):
        if chosen == ALL:
            return sorted(known)
        path = Path(chosen)
        if not path.is_file():
            raise ConfigError(f"{key}={chosen}: expected a list of names, all, or a text file with one name a line")
        lines = [line.strip() for line in text_lines(path) if line.strip()]
        exact = set(known)
        chosen = [line if line in exact else line.split()[0] for line in lines]
    exist = set(known)
    names = {_bare(name, exist) for name in chosen}
    unknown = sorted(names - exist)
    if strict and unknown:
        raise ConfigError(f"{key}: no such video in the annotation: {unknown[0]} ({len(unknown)} in all)")
    return sorted(names & exist)


def _bare(name: str, known: set[str]) -> str:
    """Drop the file's suffix unless the name is known with it."""
    return name if name in known else str(Path(name).with_suffix("")) if Path(name).suffix else name


def readable(paths: Mapping[str, str], on_unreadable: str) -> dict[str, VideoInfo]:
    """Probe videos before anything is trained on them.

    Args:
        paths: File of each video by name.
        on_unreadable: "error" or "skip".

    Returns:
        What was found out about each readable video, by name, in the given order.

    Raises:
        ConfigError: `on_unreadable` is neither.
        DatasetError: A video cannot be read and `on_unreadable` is "error", or none can.
    """
    if on_unreadable not in ("error", "skip"):
        raise ConfigError(f"dataset.on_unreadable: expected error or skip, got {on_unreadable!r}")
    infos, reasons = probe_videos(list(paths.values()))
    for reason in reasons.values():
        log.warning("unreadable video: %s", reason)
    if reasons and (on_unreadable == "error" or not infos):
        first = next(iter(reasons.values()))
        raise DatasetError(
            f"{len(reasons)} of {len(paths)} videos cannot be read; the first: {first}; "
            "repair or remove them, or set dataset.on_unreadable=skip"
        )
    return {name: infos[path] for name, path in paths.items() if path in infos}


def clip_backend(info: VideoInfo) -> str:
    """Return the backend that clips of a video are read with: that of its probe, PyAV for `LONG` ones."""
    return "pyav" if info.backend == "decord" and info.num_frames >= LONG else info.backend
