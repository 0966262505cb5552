"""Frames that annotations name by picture files: "clip/frame_000012.jpg" of a folder of pictures, or of a video."""

import re
from collections.abc import Hashable
from pathlib import PurePosixPath
from typing import NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.collecting import Box, Collector
from yowo.video.file_names import spelled
from yowo.video.picture_index import Place
from yowo.video.pictures import exif_orientation, picture_stem
from yowo.video.video_folder import VideoFolder

NUMBERED = re.compile(r"(?P<name>.*?)[_\-. ]?(?:frame|img|image)?[_\-. ]?(?P<number>\d+)", re.IGNORECASE)
"""A picture's file name without ending: "clip_000012", "frame_000012", "000012"."""
LOST = "boxes are on pictures that are not there and were left out"


class _Numbered(NamedTuple):
    """A picture that is known by a number only."""

    key: Hashable
    video: str
    number: int
    where: str


class PictureFrames:
    """Finds the frames of all pictures that a source names; which number comes first depends on all of them.

    In a folder of pictures the file name decides, gaps and all. Where not one name of a video is that of a file,
    as when other names were given to the pictures later, the numbers in the names decide. In a video, numbers are
    those of its frames.

    Attributes:
        lost: Why a picture has no frame, by its key; known after `places`.
    """

    def __init__(self, videos: VideoFolder, first_frame: int | None) -> None:
        """Begin without pictures.

        Args:
            videos: The annotated videos.
            first_frame: Number of a video's first frame; None for 0 if a name has it, else 1.
        """
        self.lost: dict[Hashable, str] = {}
        self._videos, self._first_frame = videos, first_frame
        self._found: dict[Hashable, Place] = {}
        self._numbered: list[_Numbered] = []

    def add(self, key: Hashable, named: str, where: str, video: str | None = None) -> None:
        """Add a picture.

        Args:
            key: What stands for it in `places`.
            named: Its path: the video is named by the folder, by the file's name before the number, or is the only one.
            where: File and entry, for messages.
            video: Name of its video in the folder of videos, if it is known otherwise.

        Raises:
            AnnotationError: It names no video, or several.
        """
        path = PurePosixPath(spelled(named.strip()).replace("\\", "/"))
        whole = named if video is None else f"{video}/{path.name}"
        try:
            self._found[key] = self._videos.pictures.find(whole, where)
            return
        except AnnotationError as error:
            reason = str(error)
        parts = NUMBERED.fullmatch(picture_stem(path.name))
        film = video or self._video(path, parts, where)
        if film in self._videos.pictures and parts is None:
            self.lost[key] = reason
            return
        if parts is None:
            raise AnnotationError(
                f"{where}: file_name: expected <video>/<frame>.jpg or <video>_<frame>.jpg, got {named!r}"
            )
        self._numbered.append(_Numbered(key, film, int(parts["number"]), f"{where}: {named}"))

    def places(self, collector: Collector, source: str) -> dict[Hashable, Place]:
        """Return the frames of the pictures by key, without those in `lost`.

        Args:
            collector: Gets a note about the number that was taken for the first frame.
            source: Name of the source, for that note.
        """
        first = self._first_frame
        if first is None:
            first = min(1, min((entry.number for entry in self._numbered), default=1))
        exact = {place.video for place in self._found.values()}
        assumed = False
        for entry in self._numbered:
            folder = self._videos.pictures.folder(entry.video) if entry.video in self._videos.pictures else None
            frame: int | None = entry.number - first
            if folder is not None:
                by_number = not folder.gapless or (self._first_frame is None and self._all_there(entry.video))
                frame = folder.numbered(entry.number) if by_number else frame
                frame = None if entry.video in exact or frame not in range(len(folder.stems)) else frame
                assumed |= frame is not None and not by_number
            else:
                assumed = True
            if frame is None or frame < 0:
                least = f": expected a number of at least {first}" if folder is None else ": no such picture"
                self.lost[entry.key] = entry.where + least
            else:
                self._found[entry.key] = Place(entry.video, frame)
        if assumed and self._first_frame is None:
            collector.note(f"{source}: assumed that frame numbers in file names start at {first}; see --first-frame")
        return self._found

    def _all_there(self, video: str) -> bool:
        """Whether all numbers that are named for a video are those of its pictures."""
        folder = self._videos.pictures.folder(video)
        return all(folder.numbered(entry.number) is not None for entry in self._numbered if entry.video == video)

    def _video(self, path: PurePosixPath, parts: re.Match[str] | None, where: str) -> str:
        """Return the video of a picture."""
        folder = path.parent.as_posix()
        before = parts["name"] if parts is not None else ""
        own = f"{folder}/{before}" if folder != "." else before
        for name in (own, folder):
            if name not in ("", ".") and not name.endswith("/") and self._videos.has(name):
                return self._videos.find(name, where)
        if len(self._videos.paths) == 1:
            return next(iter(self._videos.paths))
        return self._videos.find(folder if folder != "." else own or path.name, where)


def refuse_if_all_are_lost(frames: PictureFrames, rows: int, source: str) -> None:
    """Raise if not one box of a source is on a picture that is there.

    Args:
        frames: The pictures, after `places`.
        rows: Number of boxes that were kept.
        source: Name of the source.

    Raises:
        AnnotationError: Nothing is left.
    """
    if frames.lost and not rows:
        raise AnnotationError(
            f"{source}: not one of the named pictures is there ({len(frames.lost)} are not); the first: "
            f"{next(iter(frames.lost.values()))}: check --videos"
        )


def turned_box(box: Box, size: tuple[float, float], orientation: int) -> Box:
    """Return a box on a picture as it is shown, which was drawn on the picture as it is stored.

    Args:
        box: x1 y1 x2 y2 in pixels of the stored picture.
        size: Width and height of the stored picture in pixels.
        orientation: EXIF's Orientation, 1 to 8 (Exif 2.3, tag 0x0112).

    Examples:
        >>> turned_box((0, 0, 10, 20), (100, 50), 6)
        (30, 0, 50, 10)
    """
    (x1, y1, x2, y2), (width, height) = box, size
    if orientation in (2, 3, 7, 8):  # the right side of the stored picture is shown at the left, or at the top
        x1, x2 = width - x2, width - x1
    if orientation in (3, 4, 6, 7):  # its lower side is shown at the top, or at the left
        y1, y2 = height - y2, height - y1
    return (y1, x1, y2, x2) if orientation in (5, 6, 7, 8) else (x1, y1, x2, y2)


def shown_box(box: Box, size: tuple[float, float] | None, place: Place, videos: VideoFolder) -> Box:
    """Return a box in pixels of the video, given in pixels of a picture of the source's own size.

    If that size is the frame's with width and height exchanged, and the picture is turned by its EXIF data, the box
    was drawn on the picture as stored, and is turned with it.

    Args:
        box: x1 y1 x2 y2 in pixels of the source's picture.
        size: Width and height of the source's picture; None if they are not known.
        place: The frame.
        videos: The videos.
    """
    info = videos.probe([place.video])[place.video]
    if size is None:
        return box
    across, down = info.width / size[0], info.height / size[1]
    if across == down == 1:
        return box
    if size[0] == info.height and size[1] == info.width and place.video in videos.pictures:
        orientation = exif_orientation(videos.pictures.path(place))
        if orientation in (5, 6, 7, 8):
            return turned_box(box, size, orientation)
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
