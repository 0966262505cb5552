"""The videos below a folder, found by the names that annotations use for them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from yowo.errors import AnnotationError, DatasetError
from yowo.video.file_names import spelled
from yowo.video.picture_index import ANY_VIDEO, PictureIndex
from yowo.video.pictures import is_picture, picture_stem
from yowo.video.prepared_size import annotated_size
from yowo.video.probe import VideoInfo, probe_videos
from yowo.video.video_files import is_video_file, video_stem

COVERS = ("cover", "folder", "poster", "thumb", "thumbnail", "preview", "fanart", "albumart")
"""Beginnings of names that media players and cameras give to pictures beside videos."""


class VideoFolder:
    """Video files, and folders of pictures, at any depth below a folder.

    The name of a video is its path below the folder, with slashes and without the ending: "kitchen/morning_01", in one
    spelling of accents (`yowo.video.file_names.spelled`). Pictures beside video files are thumbnails and no video.
    """

    def __init__(self, folder: Path) -> None:
        """List the videos; none is opened.

        Args:
            folder: The folder; it may also hold the pictures of one video directly.

        Raises:
            DatasetError: The folder does not exist, holds no video, or holds two videos with the same name.
        """
        if not folder.is_dir():
            raise DatasetError(f"{folder}: expected a folder of videos; it is not there")
        self.folder = folder
        self.paths: dict[str, Path] = {}
        films, stills = films_and_pictures(folder)
        for path in films:
            self._add(video_stem(path.relative_to(folder).as_posix()), path)
        for path in stills:
            name = spelled(path.relative_to(folder).as_posix())
            self._add(spelled(folder.resolve().name) if name == "." else name, path)
        self.paths = dict(sorted(self.paths.items(), key=lambda item: item[1]))
        if not self.paths:
            raise DatasetError(
                f"{folder}: holds no video: no file in which FFmpeg finds one, and no folder of pictures; check the "
                "path"
            )
        self.pictures = PictureIndex(folder, self.paths)
        self._infos: dict[str, VideoInfo] = {}
        self._by_last_part: dict[str, list[str]] = {}
        for name in self.paths:
            named = PurePosixPath(name)
            self._by_last_part.setdefault(named.name, []).append(name)
            if named.name.lower() in ANY_VIDEO and len(named.parts) > 1:  # MOT: the pictures of film are in film/img1
                self._by_last_part.setdefault(named.parent.name, []).append(name)

    def _add(self, name: str, path: Path) -> None:
        if name in self.paths:
            raise DatasetError(
                f"{path}: has the same name as {self.paths[name]} but for the ending, and annotations name videos "
                "without it; rename or remove one of them"
            )
        self.paths[name] = path

    def has(self, named: str) -> bool:
        """Tell whether `find` finds a video for a name."""
        try:
            self.find(named, "")
        except AnnotationError:
            return False
        return True

    def find(self, named: str, where: str) -> str:
        """Return the name in this folder of the video that an annotation names.

        Args:
            named: The annotation's name, with or without folders and ending, with slashes of either kind:
                "far/morning_01.mp4", "morning_01".
            where: File and row of the annotation, for the message.

        Raises:
            AnnotationError: There is no such video, or there are several.
        """
        whole = PurePosixPath(spelled(named.strip()).replace("\\", "/"))
        bare = PurePosixPath(video_stem(whole.as_posix()))
        for path in (bare, whole):
            for start in range(len(path.parts)):  # the longest match wins: "a/b/clip" before "clip"
                name = "/".join(path.parts[start:])
                if name in self.paths:
                    return name
        candidates = self._by_last_part.get(bare.name) or self._by_last_part.get(whole.name, [])
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise AnnotationError(
                f"{where}: video {named!r} may be {' or '.join(candidates)} of {self.folder}; name it with its folder"
            )
        raise AnnotationError(
            f"{where}: {self.folder} has no video {named!r}; there are {len(self.paths)}, such as "
            f"{next(iter(self.paths))!r}: correct the name or give another folder of videos"
        )

    def probe(self, names: Iterable[str]) -> dict[str, VideoInfo]:
        """Return facts about videos, each of which is opened once, by PyAV; for prepared ones with the original's size.

        Args:
            names: Names of the videos in this folder.

        Raises:
            DatasetError: A video cannot be read.
        """
        wanted = list(dict.fromkeys(names))
        unknown = [str(self.paths[name]) for name in wanted if name not in self._infos]
        infos, reasons = probe_videos(unknown, decoder="pyav") if unknown else ({}, {})
        if reasons:
            first = next(iter(reasons.values()))
            raise DatasetError(
                f"{len(reasons)} of {len(wanted)} annotated videos cannot be read; the first: {first}; repair it, or "
                "remove it from the annotation"
            )
        for name in wanted:
            info = infos.get(str(self.paths[name]))
            if info is not None:
                width, height = annotated_size(self.paths[name], info)
                self._infos[name] = replace(info, width=width, height=height)
        return {name: self._infos[name] for name in wanted}


def films_and_pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the video files below a folder, and the folders of pictures that are videos."""
    films: list[Path] = []
    pictures: dict[Path, list[str]] = {}
    for path in _files(folder):
        if is_picture(path.name):
            pictures.setdefault(path.parent, []).append(path.name)
        elif is_video_file(path):
            films.append(path)
    beside = {film.parent for film in films}
    above = {parent for path in (*films, *(p / "-" for p in pictures)) for parent in path.parent.parents}
    stills = [
        path for path in pictures if path not in beside and (path not in above or _are_frames(path, pictures[path]))
    ]
    return films, stills


def _are_frames(folder: Path, names: list[str]) -> bool:
    """Whether the pictures of a folder that holds folders of videos are frames, and not the videos' thumbnails."""
    below = {spelled(path.name).casefold() for path in folder.iterdir() if path.is_dir()}
    stems = [picture_stem(name).casefold() for name in names]
    return sum(not (stem in below or stem.startswith(COVERS)) for stem in stems) > 1


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, and below folders linked from it, each folder once, in the order of names."""
    seen = set()
    for name, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(name)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(name) / file for file in sorted(files))
