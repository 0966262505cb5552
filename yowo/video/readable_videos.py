"""Which videos can be read, and with which decoder clips of them are read."""

import logging
from collections.abc import Mapping

from yowo.errors import ConfigError, DatasetError
from yowo.video.probe import VideoInfo, probe_videos
from yowo.video.video_files import VIDEO_SUFFIXES

log = logging.getLogger(__name__)
SUFFIXES = VIDEO_SUFFIXES
"""Endings of video files in the layouts of published data sets, in small letters."""
LONG = 3000
"""Films of at least so many frames are read by PyAV: it numbers the frames once, decord again for every clip."""


def readable(paths: Mapping[str, str], on_unreadable: str, decoder: str = "decord") -> dict[str, VideoInfo]:
    """Probe videos before anything is trained on them.

    Args:
        paths: File of each video by name.
        on_unreadable: "error" or "skip".
        decoder: What reads the videos that both can read: "decord" or "pyav". With "pyav" decord is never opened.

    Returns:
        What was found out about each readable video, by name, in the given order.

    Raises:
        ConfigError: `on_unreadable` or `decoder` is unknown.
        DatasetError: A video cannot be read and `on_unreadable` is "error", or none can.
    """
    if on_unreadable not in ("error", "skip"):
        raise ConfigError(f"dataset.on_unreadable: expected error or skip, got {on_unreadable!r}")
    infos, reasons = probe_videos(list(paths.values()), decoder=decoder)
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
    """Return the backend that reads clips of a video: the one that probing chose, or PyAV for `LONG` ones."""
    return "pyav" if info.backend == "decord" and info.num_frames >= LONG else info.backend
