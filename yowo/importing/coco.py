"""COCO's JSON: `images`, `annotations` with `bbox` x y width height, `categories`; and COCO-VID with `videos`."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.collecting import Box, Collector, parsed_box
from yowo.projects.table import TableRow
from yowo.video.pictures import PICTURE_SUFFIXES
from yowo.video.video_folder import VideoFolder

NUMBERED = re.compile(r"(?P<name>.*?)[_\-.]?(?:frame|img|image)?[_\-]?(?P<number>\d+)", re.IGNORECASE)
"""A picture's file name without extension: "clip_000012", "frame_000012", "000012"."""
FRAME_ZERO = re.compile(r'"file_name"\s*:\s*"(?:[^"]*[^"\d])?0+(?:\.[A-Za-z]+)?"')
TRACKS = ("track_id", "instance_id", "object_id")
FLAGS = frozenset(
    {
        *("occluded", "outside", "keyframe", "key_frame", "rotation", "track_id", "z_order", "group", "group_id"),
        *("is_crowd", "iscrowd", "truncated", "difficult", "ignore", "ignored", "interpolated", "pinned", "hidden"),
    }
)
"""Attributes that annotation tools write about a box themselves (CVAT, Datumaro, Pascal VOC): no actions."""
FRAMES = ("frame_id", "frame_index", "frame")


class Picture(NamedTuple):
    """An entry of `images`.

    Attributes:
        video: Name of its video in `VideoFolder`.
        frame: Frame number as in the file; `named` determines the number of the first frame.
        size: Width and height in pixels; None if the file does not give them.
        named: Whether `frame` was parsed from `file_name`.
    """

    video: str
    frame: int
    size: tuple[float, float] | None
    named: bool


def read_coco(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read annotations in COCO's format.

    The video and frame of a picture are its `video_id` and `frame_id` (from 0), or else parsed from `file_name`:
    "clip/000012.jpg", "clip/frame_000012.jpg", "clip_000012.jpg". Numbers in file names start at 0 if one of them is
    0, in any of the files, else at 1. Attributes that are true (CVAT's export) are actions and replace the category,
    apart from `FLAGS`. Crowds and boxes that are outside are left out.

    Args:
        source: JSON file, or a folder of JSON files.
        videos: The annotated videos.
        options: Uses `first_frame`, `keep_occluded` and `together`.

    Raises:
        AnnotationError: The file is not in COCO's format, or entries are damaged; the message names them.
    """
    files = _files(source)
    if not files:
        raise AnnotationError(f"{source}: expected a JSON file, or a folder of them")
    collector = Collector()
    together = [path for beside in options.together or (source,) for path in _files(beside)]
    if options.first_frame is None and len(together) > 1 and any(map(_names_frame_zero, together)):
        options = replace(options, first_frame=0)
        collector.note("frame numbers in file names start at 0, since one of the files has it; see --first-frame")
    classes: dict[str, None] = {}
    for path in files:
        with collector.entry():
            start = len(collector.rows)
            named = _document(path, videos, options, collector)
            used = {row.label for row in collector.rows[start:]}
            classes.update(dict.fromkeys([*named, *sorted(used - set(named))]))
    return collector.annotated(classes)


def _files(source: Path) -> list[Path]:
    return sorted(source.rglob("*.json")) if source.is_dir() else [source]


def _names_frame_zero(path: Path) -> bool:
    """Tell whether a picture of a file is numbered 0; the later jobs of a task do not have it."""
    try:
        return FRAME_ZERO.search(path.read_text(encoding="utf-8-sig")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _document(path: Path, videos: VideoFolder, options: ImportOptions, collector: Collector) -> list[str]:
    """Add the rows of a file; return its category names, without categories that were replaced by attributes."""
    content = _content(path)
    names = {c["id"]: str(c["name"]) for c in _entries(content, "categories", ("id", "name"), path, collector)}
    pictures = _pictures(content, path, videos, collector)
    named = [picture.frame for picture in pictures.values() if picture is not None and picture.named]
    first = {False: 0, True: 0 if options.first_frame is None and min(named, default=0) == 0 else 1}
    if options.first_frame is not None:
        first = {False: options.first_frame, True: options.first_frame}
    elif named:
        collector.note(f"{path}: assumed that frame numbers in file names start at {first[True]}; see --first-frame")
    plain: set[str] = set()
    replaced: set[str] = set()
    sizes = videos.probe(picture.video for picture in pictures.values() if picture is not None) if pictures else {}
    for entry in _entries(content, "annotations", ("image_id", "category_id"), path, collector):
        where = f"{path}: annotation {entry.get('id', '?')}"
        with collector.entry():
            if _is_left_out(entry, options, collector, where):
                continue
            if entry["image_id"] not in pictures or entry["category_id"] not in names:
                raise AnnotationError(
                    f"{where}: expected an image_id and a category_id that are listed in the file, got {_short(entry)}"
                )
            box = _box(entry, where)
            picture = pictures[entry["image_id"]]
            if picture is None:  # its image is a problem of the list
                continue
            info = sizes[picture.video]
            if picture.size is not None and picture.size != (info.width, info.height):
                scale = (info.width / picture.size[0], info.height / picture.size[1])
                box = (box[0] * scale[0], box[1] * scale[1], box[2] * scale[0], box[3] * scale[1])
            category = names[entry["category_id"]]
            actions = _actions(entry)
            (replaced if actions else plain).add(category)
            frame = picture.frame - first[picture.named]
            if frame < 0:
                raise AnnotationError(f"{where}: frame {picture.frame}: expected at least {first[picture.named]}")
            track = _first(entry, TRACKS) if _first(entry, TRACKS) is not None else _first(_attributes(entry), TRACKS)
            for label in actions or [category]:
                row = TableRow(picture.video, frame, box, label, "" if track is None else str(track))
                collector.add(row, Place(str(path), where))
    return [name for name in names.values() if name in plain or name not in replaced]


def _attributes(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found = entry.get("attributes")
    return found if isinstance(found, dict) else {}


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _actions(entry: Mapping[str, Any]) -> list[str]:
    """Return the names of the attributes of an annotation that are true, apart from flags."""
    return [str(name) for name, value in _attributes(entry).items() if _is_true(value) and name.lower() not in FLAGS]


def _is_left_out(entry: Mapping[str, Any], options: ImportOptions, collector: Collector, where: str) -> bool:
    """Tell whether an annotation does not stand for a visible person, and count it if so."""
    flags = {str(name).lower() for name, value in _attributes(entry).items() if _is_true(value)}
    reasons = {
        "crowd annotations were skipped": bool(entry.get("iscrowd")),
        "boxes are marked as outside and were left out": "outside" in flags,
        "boxes are marked as occluded and were left out": "occluded" in flags and not options.keep_occluded,
    }
    for words, applies in reasons.items():
        if applies:
            collector.leave_out(words, where)
            return True
    return False


def _box(entry: Mapping[str, Any], where: str) -> Box:
    found = entry.get("bbox")
    return parsed_box(found if isinstance(found, list) else [], where, has_size=True)


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{path}: expected a JSON file ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{path}: expected JSON: {error}") from error
    if not isinstance(content, dict) or not {"images", "annotations", "categories"} <= set(content):
        raise AnnotationError(f"{path}: expected COCO's keys images, annotations and categories; some are missing")
    return content


def _entries(
    content: Mapping[str, Any], part: str, keys: tuple[str, ...], path: Path, collector: Collector
) -> Iterator[dict[str, Any]]:
    """Yield the entries of a list in the file that have the given keys; the others are problems."""
    if not isinstance(content[part], list):
        raise AnnotationError(f"{path}: {part}: expected a list, got {_short(content[part])}")
    for number, entry in enumerate(content[part]):
        with collector.entry():
            if not isinstance(entry, dict) or not set(keys) <= set(entry):
                raise AnnotationError(f"{path}: {part}[{number}]: expected {', '.join(keys)}, got {_short(entry)}")
            ids = [key for key in keys if key.endswith("id") and not isinstance(entry[key], (int, str))]
            if ids:
                raise AnnotationError(f"{path}: {part}[{number}]: {ids[0]}: expected a number, got {_short(entry)}")
            yield entry


def _pictures(
    content: Mapping[str, Any], path: Path, videos: VideoFolder, collector: Collector
) -> dict[Any, Picture | None]:
    """Return the pictures of a file by id; None for those with a problem."""
    films = {}
    if "videos" in content:
        listed = _entries(content, "videos", ("id",), path, collector)
        films = {film["id"]: str(film.get("name") or film.get("file_name")) for film in listed}
    made: dict[Any, Picture | None] = {}
    for entry in _entries(content, "images", ("id",), path, collector):
        made[entry["id"]] = None
        with collector.entry():
            where = f"{path}: image {entry['id']}"
            frame = _first(entry, FRAMES)
            film = entry.get("video_id")
            named = frame is None or not isinstance(film, (int, str)) or film not in films
            if named:
                name, frame = _by_name(str(entry.get("file_name", "")), videos, where)
            else:
                name = films[film]
            video = collector.video(videos, name, where)
            made[entry["id"]] = Picture(video, _whole(frame, where), _size(entry, where), named)
    return made


def _whole(frame: object, where: str) -> int:
    try:
        return int(str(frame))
    except ValueError:
        raise AnnotationError(f"{where}: frame: expected a whole number, got {frame!r}") from None


def _size(entry: Mapping[str, Any], where: str) -> tuple[float, float] | None:
    """Return width and height of a picture in pixels; None if the file does not give them."""
    width, height = entry.get("width"), entry.get("height")
    if not width or not height:
        return None
    if not all(isinstance(side, (int, float)) and 0 < side < math.inf for side in (width, height)):
        raise AnnotationError(f"{where}: width, height: expected numbers above 0, got {width!r}, {height!r}")
    return float(width), float(height)


def _by_name(file: str, videos: VideoFolder, where: str) -> tuple[str, int]:
    """Parse video and frame from a picture's path: the video is named by the file, its folder, or is the only one."""
    path = PurePosixPath(file.replace("\\", "/"))
    bare = path.stem if path.suffix.lower() in PICTURE_SUFFIXES else path.name
    parts = NUMBERED.fullmatch(bare)
    if parts is None:
        raise AnnotationError(f"{where}: file_name: expected <video>/<frame>.jpg or <video>_<frame>.jpg, got {file!r}")
    folder = path.parent.as_posix()
    own = f"{folder}/{parts['name']}" if folder != "." else parts["name"]
    for name in (own, folder):
        if name not in ("", ".") and videos.has(name):
            return name, int(parts["number"])
    if len(videos.paths) == 1:
        return next(iter(videos.paths)), int(parts["number"])
    return folder if folder != "." else own, int(parts["number"])


def _first(entry: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 120 else f"{text[:120]}..."
