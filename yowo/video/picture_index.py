"""Which frame of which video a picture's file name means, in folders of pictures."""

import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from yowo.errors import AnnotationError
from yowo.video.file_names import last_number, spelled
from yowo.video.pictures import picture_names, picture_stem

NUMBER_ONLY = re.compile(r"(frame|img|image|pic|picture|photo)?[\W_]*\d+", re.IGNORECASE)
"""Names that pictures of every video may have, so that they do not tell which video is meant."""

ANY_VIDEO = frozenset(("img1", "img", "images", "image", "frames", "rgb", "pictures", "jpg", "png", "data"))
"""Names of folders that pictures of every video may lie in, so that they do not tell which video is meant."""


class Place(NamedTuple):
    """A frame of a video.

    Attributes:
        video: Name of the video in its `VideoFolder`.
        frame: Position of the frame, from 0.
    """

    video: str
    frame: int


class PictureFolder:
    """The pictures of one video.

    Attributes:
        names: File names in the order of the frames.
        stems: The same without ending, in one spelling.
    """

    def __init__(self, folder: Path) -> None:
        """List the folder.

        Raises:
            VideoError: It cannot be listed, or two pictures differ in their ending only.
        """
        self.names = picture_names(folder)
        self.stems = [picture_stem(name) for name in self.names]
        numbers = [last_number(stem) for stem in self.stems]
        self._by_stem = {stem.casefold(): place for place, stem in enumerate(self.stems)}
        known = [(number, place) for place, number in enumerate(numbers) if number is not None]
        self._by_number = dict(known) if len(known) == len({number for number, _ in known}) else {}

    def named(self, name: str) -> int | None:
        """Return the position of the picture with a file name, with or without ending; None if there is none."""
        return self._by_stem.get(picture_stem(name).casefold())

    def numbered(self, number: int) -> int | None:
        """Return the position of the picture whose last number is `number`; None if none is, or numbers repeat."""
        return self._by_number.get(number)

    @property
    def gapless(self) -> bool:
        """Whether the pictures have consecutive numbers, so that a number tells the position."""
        numbers = list(self._by_number)
        return bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(self.stems)))


class PictureIndex:
    """The pictures of several videos, found by file name."""

    def __init__(self, folder: Path, paths: Mapping[str, Path]) -> None:
        """Store where they are; nothing is listed yet.

        Args:
            folder: The folder that holds all videos.
            paths: Path of each video below it by name. Those that are files have no pictures.
        """
        self._root = folder
        self._paths = {name: path for name, path in paths.items() if path.is_dir()}
        self._only = len(paths) == 1
        self._folders: dict[str, PictureFolder] = {}
        self._by_stem: dict[str, list[str]] | None = None

    def __contains__(self, video: str) -> bool:
        """Whether a video is a folder of pictures."""
        return video in self._paths

    def folder(self, video: str) -> PictureFolder:
        """Return the pictures of a video, listed once.

        Raises:
            VideoError: The folder cannot be listed, or two pictures differ in their ending only.
        """
        if video not in self._folders:
            self._folders[video] = PictureFolder(self._paths[video])
        return self._folders[video]

    def path(self, place: Place) -> Path:
        """Return the path of a picture."""
        return self._paths[place.video] / self.folder(place.video).names[place.frame]

    def find(self, named: str, where: str) -> Place:
        """Return the frame that the path of a picture means.

        The file name decides, gaps in its numbers and another ending aside; folders before it tell which of several
        pictures of that name it is.

        Args:
            named: "clip/000012.jpg", "any/where/clip/000012", "000012.jpg"; slashes of either kind.
            where: File and row of the annotation, for the message.

        Raises:
            AnnotationError: There is no such picture, or there are several.
            VideoError: A folder cannot be listed.
        """
        path = PurePosixPath(spelled(named.strip()).replace("\\", "/"))
        stem = picture_stem(path.name).casefold()
        videos = self._holders().get(stem, [])
        shared = {video: self._shared(path.parent.parts, video) for video in videos}
        most = max(shared.values(), default=0)
        best = [video for video in videos if shared[video] == most]
        told = most or not path.parent.parts or self._only or not NUMBER_ONLY.fullmatch(stem)
        frame = self.folder(best[0]).named(path.name) if len(best) == 1 and told else None
        if frame is not None:
            return Place(best[0], frame)
        if len(best) > 1 and told:
            raise AnnotationError(f"{where}: picture {named!r} may be of {' or '.join(best[:4])}; name its folder too")
        raise AnnotationError(f"{where}: {self._root} has no picture {named!r}")

    def _holders(self) -> Mapping[str, list[str]]:
        """Return the videos that have a picture of a name."""
        if self._by_stem is None:
            self._by_stem = {}
            for video in self._paths:
                for stem in self.folder(video).stems:
                    self._by_stem.setdefault(stem.casefold(), []).append(video)
        return self._by_stem

    def _shared(self, parents: Iterable[str], video: str) -> int:
        """Return how many of the last folders of a path are those of a video."""
        own = spelled(self._paths[video].absolute().as_posix()).split("/")
        given = list(parents)
        telling = [[part for part in way if part.lower() not in ANY_VIDEO] for way in (given, own)]
        return max(_equal_at_the_end(given, own), _equal_at_the_end(*telling))


def _equal_at_the_end(one: list[str], other: list[str]) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
