"""What `source=` names: one video, a live stream, or several videos."""

import glob
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from yowo.errors import ConfigError
from yowo.video.file_names import natural_key, spelled
from yowo.video.pictures import is_picture
from yowo.video.video_files import is_video_file, video_stem
from yowo.video.video_folder import films_and_pictures

log = logging.getLogger(__name__)
SCHEMES = ("rtsp", "rtsps", "http", "https")
"""Beginnings of the addresses of streams."""
STANDARD_INPUT = "-"
CAMERA = "camera:"
LISTS = (".txt", ".lst")
"""Endings of files that name videos, one a line, in small letters."""
PATTERN = re.compile(r"[*?[]")
"""A sign of a pattern of names, where no file has the name."""
UNSAFE = re.compile(r"[^\w.-]+")
"""What does not go into the name of a file that is named after a stream."""


class SourceKind(Enum):
    """What gives the frames."""

    FILE = "a video file"
    PICTURES = "a folder of pictures"
    LIVE = "a stream that is read as it comes"


class Source(NamedTuple):
    """One source of frames.

    Attributes:
        kind: What it is.
        address: What opens it: a path, an address, "camera:0" or "-".
        name: What tables and outputs call it, without ending; of several videos each has another. With several, it may
            hold slashes: the folders below which they lie.
    """

    kind: SourceKind
    address: str
    name: str


class Sources(NamedTuple):
    """What `source=` names.

    Attributes:
        each: The sources, in an order that is the same whenever the same files are there; at least one.
        several: Whether a folder of videos, a pattern or a list was named, even if it leads to one video only.
    """

    each: tuple[Source, ...]
    several: bool


def read_sources(source: str) -> Sources:
    """Find out what was typed as `source=`. Nothing is opened, but for files whose ending does not tell what they are.

    A name of a file or folder that is there is always that file or folder, whatever signs it holds.

    Args:
        source: A video file; a folder of pictures; a folder of videos; a pattern ("videos/*.mp4", "**" for folders at
            any depth); a text file (.txt) that names videos or folders one a line, relative to itself, with blank lines
            and comments (#); "camera:0" or "0"; "camera:NAME"; an address of `SCHEMES`; "-" for standard input.

    Raises:
        ConfigError: There is no such file, or it leads to no video.

    Examples:
        >>> read_sources("rtsp://me:secret@door.local:554/ch1").each[0].name, read_sources("0").each[0].address
        ('door.local_554_ch1', 'camera:0')
    """
    if not source.strip():
        raise ConfigError("source is empty; give a video, a folder or a stream, as in source=VIDEO")
    if stream := _stream(source):
        return Sources((stream,), several=False)
    path = Path(source)
    if _exists(path):
        if path.is_dir():
            return _folder(path)
        if path.suffix.lower() in LISTS:
            return Sources(_named(_listed(path)), several=True)
        return Sources((_of_file(path),), several=False)
    if PATTERN.search(source):
        return Sources(_named(_matching(source)), several=True)
    raise ConfigError(f"source={source}: there is no such video or folder; check the path{_hint(source)}")


def is_live(source: str) -> bool:
    """Return whether `source=` names a stream that is read as it comes.

    Examples:
        >>> is_live("camera:0"), is_live("http://host/film.mp4"), is_live("film.mp4")
        (True, True, False)
    """
    return _stream(source) is not None


def shown(address: str) -> str:
    """Return an address as messages show it, without its password.

    Examples:
        >>> shown("rtsp://me:secret@door.local/ch1"), shown("-")
        ('rtsp://me:***@door.local/ch1', 'standard input')
    """
    if address == STANDARD_INPUT:
        return "standard input"
    return re.sub(r"^([a-zA-Z]+://[^/@:]*):.*@(?=[^@/]*(?:/|$))", r"\1:***@", address)


def _stream(source: str) -> Source | None:
    if source == STANDARD_INPUT:
        return Source(SourceKind.LIVE, source, "stdin")
    scheme, there, _ = source.partition("://")
    if there and scheme.lower() in SCHEMES:
        return Source(SourceKind.LIVE, source, _stream_name(source))
    if _exists(Path(source)):
        return None
    camera = source[len(CAMERA) :] if source.startswith(CAMERA) else source if source.isdecimal() else None
    if camera:
        return Source(SourceKind.LIVE, CAMERA + camera, "camera" + UNSAFE.sub("_", camera).strip("_"))
    return None


def _stream_name(address: str) -> str:
    try:
        found = urlsplit(address)
        host, port = found.hostname or "", found.port
    except ValueError:
        raise ConfigError(
            f"source={shown(address)}: not a valid address; expected one as rtsp://HOST:554/NAME"
        ) from None
    if not host:
        raise ConfigError(f"source={shown(address)}: names no host; expected an address as {found.scheme}://HOST/NAME")
    words = "_".join(filter(None, (host, str(port or ""), video_stem(found.path.strip("/")))))
    return UNSAFE.sub("_", words).strip("_.")


def _hint(source: str) -> str:
    """Return what else may have been meant by a name that is not there."""
    scheme, there, _ = source.partition("://")
    if there:
        return f"; streams begin with {', '.join(SCHEMES)}, not {scheme}"
    return ", as camera:0" if source == CAMERA else ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or with a zero byte
        return False


def _of_file(path: Path) -> Source:
    return Source(SourceKind.FILE, str(path), video_stem(path.name))


def _of_pictures(folder: Path) -> Source:
    return Source(SourceKind.PICTURES, str(folder), spelled(folder.resolve().name))


def _folder(folder: Path) -> Sources:
    films, pictures = films_and_pictures(folder)
    if folder in pictures and not films:
        return Sources((_of_pictures(folder),), several=False)
    found = [*map(_of_file, films), *map(_of_pictures, pictures)]
    if not found:
        raise ConfigError(
            f"source={folder}: holds no video: no file in which FFmpeg finds one, and no folder of pictures; check the "
            "path"
        )
    return Sources(_named(sorted(found, key=lambda one: natural_key(one.address))), several=True)


def _matching(pattern: str) -> list[Source]:
    """Return the videos whose names fit a pattern, sorted by name."""
    found: list[Source] = []
    names = sorted(glob.glob(pattern, recursive=True), key=natural_key)  # noqa: PTH207 - takes absolute ones
    for path in map(Path, names):
        if path.is_dir():
            if "**" not in pattern:  # else the files in it come by themselves
                found += _all_below(path)
        elif is_video_file(path):
            found.append(_of_file(path))
    if not found and any(is_picture(Path(name).name) for name in names):
        raise ConfigError(f"source={pattern}: finds single pictures; give their folder, which is one video")
    if not found:
        words = "fits no file" if not names else f"fits {len(names)} files and folders, but no video"
        raise ConfigError(f"source={pattern}: {words}; check the pattern")
    return found


def _all_below(folder: Path) -> list[Source]:
    try:
        return list(_folder(folder).each)
    except ConfigError:  # no video in it
        return []


def _listed(file: Path) -> list[Source]:
    """Return the videos that a text file names; those that are not there fail when their turn comes.

    Raises:
        ConfigError: The file cannot be read, names no video or a stream, or nothing that it names is there.
    """
    found: list[Source] = []
    lost = ""
    for number, named in _lines(file):
        if _stream(named):
            raise ConfigError(
                f"{file}, line {number}: {shown(named)} is a stream; a list names videos, give it as source="
            )
        path = file.parent / Path(named).expanduser()
        if path.suffix.lower() in LISTS and path.is_file():
            raise ConfigError(f"{file}, line {number}: {named} is a list itself; a list names videos")
        if path.is_dir():
            found += _all_below(path)
            continue
        found.append(_of_file(path))
        if not lost and not _exists(path):
            lost = f"{file}, line {number}: {path}: there is no such video; paths are relative to the list"
    if not found:
        raise ConfigError(f"source={file}: names no video; expected a path a line")
    if lost and not any(_exists(Path(one.address)) for one in found):
        raise ConfigError(lost)
    return found


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of the lines that name something; bytes that are no UTF-8 are kept."""
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            for number, line in enumerate(lines, 1):
                if (named := line.strip()) and not named.startswith("#"):
                    yield number, named
    except OSError as error:
        raise ConfigError(f"source={file}: cannot be read ({error.strerror or error})") from error


def _named(found: list[Source]) -> tuple[Source, ...]:
    """Leave out what is there twice, and give each its own name.

    That is the file's, without ending; if two have the same, all get the path below the folder that holds them all, and
    if that is the same too, with the ending.
    """
    once: dict[str, Source] = {}
    for one in found:
        once.setdefault(os.path.realpath(one.address), one)
    each = list(once.values())
    if len(each) < len(found):
        log.info("%d of %d videos are named more than once; each is taken once", len(found) - len(each), len(found))
    if _distinct([one.name for one in each]):
        return tuple(each)
    paths = [Path(os.path.abspath(one.address)) for one in each]  # noqa: PTH100 - resolve() follows links, whose names count
    if len({path.drive for path in paths}) == 1:
        above = Path(os.path.commonpath([path.parent for path in paths]))
        paths = [path.relative_to(above) for path in paths]
    below = [spelled(path.as_posix()).replace(":", "") for path in paths]
    stems = [video_stem(name) if one.kind is SourceKind.FILE else name for name, one in zip(below, each, strict=True)]
    counts = Counter(stem.casefold() for stem in stems)
    names = [stem if counts[stem.casefold()] == 1 else name for stem, name in zip(stems, below, strict=True)]
    return tuple(one._replace(name=name) for one, name in zip(each, names, strict=True))


def _distinct(names: list[str]) -> bool:
    """Whether names differ, also where a disk does not tell capital letters from small ones."""
    return len({name.casefold() for name in names}) == len(names)
