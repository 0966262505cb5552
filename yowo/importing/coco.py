"""COCO's JSON: `images`, `annotations` with `bbox` x y width height, `categories`; and COCO-VID with `videos`."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.collecting import Box, Collector, parsed_box
from yowo.importing.json_file import read_json
from yowo.importing.picture_frames import LOST, PictureFrames, refuse_if_all_are_lost, shown_box
from yowo.projects.table import TableRow
from yowo.video import picture_index
from yowo.video.video_folder import VideoFolder

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
        place: Its frame.
        size: Width and height in pixels; None if the file does not give them.
    """

    place: picture_index.Place
    size: tuple[float, float] | None


def read_coco(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read annotations in COCO's format.

    The video and frame of a picture are its `video_id` and `frame_id` (from 0), or else told by `file_name`:
    "clip/000012.jpg", "clip/frame_000012.jpg", "clip_000012.jpg". In folders of pictures it is the name of the file,
    see `PictureFrames`. Where the annotated video is a file, numbers start at 0 if one of them is 0, in any of the
    files, else at 1. Attributes that are true (CVAT's export) are actions and replace the category, apart from `FLAGS`.
    Crowds and boxes that are outside are left out.

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
    zero = options.first_frame is None and len(together) > 1 and any(map(_names_frame_zero, together))
    classes: dict[str, None] = {}
    for path in files:
        with collector.entry():
            start = len(collector.rows)
            named = _document(path, videos, options, collector, zero)
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


def _document(path: Path, videos: VideoFolder, options: ImportOptions, collector: Collector, zero: bool) -> list[str]:
    """Add the rows of a file; return its category names, without categories that were replaced by attributes.

    `zero` tells whether one of several files has a picture numbered 0.
    """
    content, start = _content(path), len(collector.rows)
    names = {c["id"]: str(c["name"]) for c in _entries(content, "categories", ("id", "name"), path, collector)}
    frames = PictureFrames(videos, options.first_frame, collector, zero)
    pictures = _pictures(content, path, videos, options, frames, collector)
    plain: set[str] = set()
    replaced: set[str] = set()
    infos = videos.probe(picture.place.video for picture in pictures.values() if picture is not None)
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
            if entry["image_id"] in frames.lost:
                collector.leave_out(LOST, frames.lost[entry["image_id"]])
                continue
            if picture is None:  # its image is a problem of the list
                continue
            place = picture.place
            box = shown_box(box, picture.size, place, infos[place.video], videos.pictures)
            category = names[entry["category_id"]]
            actions = _actions(entry)
            (replaced if actions else plain).add(category)
            track = _first(entry, TRACKS) if _first(entry, TRACKS) is not None else _first(_attributes(entry), TRACKS)
            for label in actions or [category]:
                row = TableRow(place.video, place.frame, box, label, "" if track is None else str(track))
                collector.add(row, Place(str(path), where))
    refuse_if_all_are_lost(frames, len(collector.rows) - start, str(path))
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
    content = read_json(path)
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
    content: Mapping[str, Any],
    path: Path,
    videos: VideoFolder,
    options: ImportOptions,
    frames: PictureFrames,
    collector: Collector,
) -> dict[Any, Picture | None]:
    """Return the pictures of a file by id; None for those with a problem, or without a frame (`frames.lost`)."""
    films = {}
    if "videos" in content:
        listed = _entries(content, "videos", ("id",), path, collector)
        films = {film["id"]: str(film.get("name") or film.get("file_name")) for film in listed}
    sizes: dict[Any, tuple[float, float] | None] = {}
    known: dict[Any, picture_index.Place] = {}
    for entry in _entries(content, "images", ("id",), path, collector):
        sizes[entry["id"]] = None
        with collector.entry():
            where = f"{path}: image {entry['id']}"
            sizes[entry["id"]] = _size(entry, where)
            file, frame, film = str(entry.get("file_name") or ""), _first(entry, FRAMES), entry.get("video_id")
            if frame is None or not isinstance(film, (int, str)) or film not in films:
                frames.add(entry["id"], file, where)
                continue
            video, first = collector.video(videos, films[film], where), options.first_frame or 0
            number = _whole(frame, where)
            if number < first:
                raise AnnotationError(f"{where}: frame {number}: expected at least {first}")
            known[entry["id"]] = frames.exact(file, video) or picture_index.Place(video, number - first)
    places = {**frames.places(str(path)), **known}
    return {key: Picture(places[key], size) if key in places else None for key, size in sizes.items()}


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


def _first(entry: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 120 else f"{text[:120]}..."
