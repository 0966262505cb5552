"""Frames that annotations name by picture files: "clip/frame_000012.jpg" of a folder of pictures, or of a video."""

import re
from collections.abc import Collection, Hashable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.annotated import Place as Origin
from yowo.importing.collecting import Box, Collector
from yowo.projects.table import TableRow
from yowo.video.file_names import spelled
from yowo.video.picture_index import PictureIndex, Place
from yowo.video.pictures import exif_orientation, picture_stem
from yowo.video.probe import VideoInfo
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

    def __init__(self, videos: VideoFolder, first_frame: int | None, collector: Collector, zero: bool = False) -> None:
        """Begin without pictures.

        Args:
            videos: The annotated videos.
            first_frame: Number of a video's first frame; None for 0 if a name has it, else 1.
            collector: Lists videos that are not there once, and gets a note about the number that was taken for the
                first frame.
            zero: Whether another file of the source has a picture with number 0.
        """
        self.lost: dict[Hashable, str] = {}
        self._videos, self._first_frame, self._collector, self._zero = videos, first_frame, collector, zero
        self._found: dict[Hashable, Place] = {}
        self._numbered: list[_Numbered] = []

    def add(self, key: Hashable, named: str, where: str) -> None:
        """Add a picture.

        Args:
            key: What stands for it in `places`.
            named: Its path: the video is named by the folder, by the file's name before the number, or is the only one.
            where: File and entry, for messages.

        Raises:
            AnnotationError: It names no video, or several.
        """
        path = PurePosixPath(spelled(named.strip()).replace("\\", "/"))
        try:
            self._found[key] = self._videos.pictures.find(named, where)
            return
        except AnnotationError as error:
            reason = str(error)
        parts = NUMBERED.fullmatch(picture_stem(path.name))
        film = self._video(path, parts, where)
        if film in self._videos.pictures and parts is None:
            self.lost[key] = reason
            return
        if parts is None:
            raise AnnotationError(
                f"{where}: file_name: expected <video>/<frame>.jpg or <video>_<frame>.jpg, got {named!r}"
            )
        self._numbered.append(_Numbered(key, film, int(parts["number"]), f"{where}: {named}"))

    def exact(self, named: str, video: str) -> Place | None:
        """Return the frame of a picture of a video by its file name; None if there is no such picture."""
        if video not in self._videos.pictures:
            return None
        frame = self._videos.pictures.folder(video).named(PurePosixPath(named.replace("\\", "/")).name)
        return None if frame is None else Place(video, frame)

    def places(self, source: str) -> dict[Hashable, Place]:
        """Return the frames of the pictures by key, without those in `lost`.

        Args:
            source: Name of the source, for a note.
        """
        first = self._first_frame
        if first is None:
            first = 0 if self._zero else min(1, min((entry.number for entry in self._numbered), default=1))
        exact = {place.video for place in self._found.values()}
        assumed = False
        numbers: dict[str, set[int]] = {}
        for entry in self._numbered:
            numbers.setdefault(entry.video, set()).add(entry.number)
        frames = {
            video: frames_of_numbers(self._videos, video, named, first, self._first_frame is not None)
            for video, named in numbers.items()
        }
        for entry in self._numbered:
            frame = frames[entry.video][entry.number]
            stills = entry.video in self._videos.pictures
            if frame is None or (stills and entry.video in exact):
                least = ": there is no such picture" if stills else f": expected a number of at least {first}"
                self.lost[entry.key] = entry.where + least
            else:
                self._found[entry.key] = Place(entry.video, frame)
                assumed |= not stills or frame == entry.number - first
        if assumed and self._zero:
            words = "frame numbers in file names start at 0, since one of the files has it; see --first-frame"
            self._collector.note(words)
        elif assumed and self._first_frame is None:
            self._collector.note(
                f"{source}: assumed that frame numbers in file names start at {first}; see --first-frame"
            )
        return self._found

    def _video(self, path: PurePosixPath, parts: re.Match[str] | None, where: str) -> str:
        """Return the video of a picture."""
        folder = path.parent.as_posix()
        before = parts["name"] if parts is not None else ""
        own = f"{folder}/{before}" if folder != "." else before
        for name in (own, folder):
            if name not in ("", ".") and not name.endswith("/") and self._videos.has(name):
                return self._collector.video(self._videos, name, where)
        if len(self._videos.paths) == 1:
            return next(iter(self._videos.paths))
        return self._collector.video(self._videos, folder if folder != "." else own or path.name, where)


def frames_of_numbers(
    videos: VideoFolder, video: str, numbers: Collection[int], first: int, given: bool
) -> dict[int, int | None]:
    """Return the frames that numbers of frames mean: of the pictures that bear them, if the video is pictures.

    Pictures whose numbers have no gap are counted from the first one if a number is not among theirs, since they may
    have been numbered anew.

    Args:
        videos: The annotated videos.
        video: Name of the video.
        numbers: All numbers that a source has for it.
        first: Number of the first frame.
        given: Whether the user said so; the numbers of gapless pictures then do not count.

    Returns:
        The position from 0 by number; None where there is no such frame or picture.
    """
    if video not in videos.pictures:
        return {number: number - first if number >= first else None for number in numbers}
    folder = videos.pictures.folder(video)
    borne = {number: folder.numbered(number) for number in numbers}
    if not folder.gapless or (not given and None not in borne.values()):
        return borne
    return {number: number - first if number - first in range(len(folder.stems)) else None for number in numbers}


def placed_rows(
    collector: Collector,
    rows: Sequence[TableRow],
    origins: Sequence[Origin],
    keys: Sequence[Hashable],
    frames: PictureFrames,
    source: str,
) -> tuple[list[TableRow], list[Origin]]:
    """Set video and frame of rows by the pictures that they name.

    Args:
        collector: Counts rows on pictures that are not there.
        rows: Rows without a frame.
        origins: Where each row comes from.
        keys: What stands for the picture of each row in `frames`; None for a row that has its frame.
        frames: The pictures.
        source: Name of the source, for messages.

    Returns:
        The rows that have a frame, and where they come from.

    Raises:
        AnnotationError: No row has a picture that is there.
    """
    places = frames.places(source)
    kept: list[TableRow] = []
    left: list[Origin] = []
    for row, origin, key in zip(rows, origins, keys, strict=True):
        if key in frames.lost:
            collector.leave_out(LOST, frames.lost[key])
        elif key is None or key in places:
            kept.append(row if key is None else row._replace(video=places[key].video, frame=places[key].frame))
            left.append(origin)
    refuse_if_all_are_lost(frames, len(kept), source)
    return kept, left


def rows_on_pictures(
    collector: Collector,
    rows: Sequence[TableRow],
    origins: Sequence[Origin],
    videos: VideoFolder,
    default: int,
    first_frame: int | None,
) -> tuple[list[TableRow], list[Origin]]:
    """Move rows that were counted from the first frame on to the pictures that bear their numbers.

    Args:
        collector: Counts rows without a picture.
        rows: Rows with frames from 0, before gaps in the numbers of pictures were regarded.
        origins: Where each row comes from.
        videos: The annotated videos.
        default: Number of the first frame in the source's format.
        first_frame: What the user said about it; None for nothing.

    Returns:
        The rows that have a picture, and where they come from; rows of video files as they were.

    Raises:
        AnnotationError: No row has a picture.
    """
    first = default if first_frame is None else first_frame
    numbers: dict[str, set[int]] = {}
    for row in rows:
        if row.video in videos.pictures:
            numbers.setdefault(row.video, set()).add(row.frame + first)
    frames = {
        video: frames_of_numbers(videos, video, named, first, first_frame is not None)
        for video, named in numbers.items()
    }
    kept: list[TableRow] = []
    left: list[Origin] = []
    lost = 0
    for row, origin in zip(rows, origins, strict=True):
        frame = frames[row.video][row.frame + first] if row.video in frames else row.frame
        if frame is None:
            lost += 1
            collector.leave_out(LOST, f"{origin.entry}: {row.video}, number {row.frame + first}")
            continue
        kept.append(row._replace(frame=frame))
        left.append(origin)
    if lost and not kept:
        raise AnnotationError(
            f"{origins[0].entry}: not one of {lost} boxes is on a picture that is there: check --videos and "
            "--first-frame"
        )
    return kept, left


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


def shown_box(box: Box, size: tuple[float, float] | None, place: Place, info: VideoInfo, pictures: PictureIndex) -> Box:
    """Return a box in pixels of the video, given in pixels of a picture of the source's own size.

    If that size is the frame's with width and height exchanged, and the picture is turned by its EXIF data, the box
    was drawn on the picture as stored, and is turned with it.

    Args:
        box: x1 y1 x2 y2 in pixels of the source's picture.
        size: Width and height of the source's picture; None if they are not known.
        place: The frame.
        info: Facts about its video.
        pictures: The pictures of the videos.
    """
    if size is None:
        return box
    across, down = info.width / size[0], info.height / size[1]
    if across == down == 1:
        return box
    if size[0] == info.height and size[1] == info.width and place.video in pictures:
        orientation = exif_orientation(pictures.path(place))
        if orientation in (5, 6, 7, 8):
            return turned_box(box, size, orientation)
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
