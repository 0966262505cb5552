"""COCO's JSON: `images`, `annotations` with `bbox` x y width height, `categories`; and COCO-VID with `videos`."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions
from yowo.importing.simple_csv import checked_box
from yowo.projects.table import TableRow
from yowo.video.video_folder import PICTURE_SUFFIXES, VideoFolder

NUMBERED = re.compile(r"(?P<name>.*?)[_\-.]?(?:frame|img|image)?[_\-]?(?P<number>\d+)", re.IGNORECASE)
"""A picture's file name without extension: "clip_000012", "frame_000012", "000012"."""
TRACKS = ("track_id", "instance_id", "object_id")
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
    0, else at 1. Attributes that are true (CVAT's export) are actions and replace the category. Crowds are skipped.

    Args:
        source: JSON file, or a folder of JSON files.
        videos: The annotated videos.
        options: Uses `first_frame`.

    Raises:
        AnnotationError: The file is not in COCO's format, or an annotation is invalid; the message names it.
    """
    files = sorted(source.rglob("*.json")) if source.is_dir() else [source]
    if not files:
        raise AnnotationError(f"{source}: expected a JSON file, or a folder of them")
    rows: list[TableRow] = []
    classes: dict[str, None] = {}
    notes: list[str] = []
    for path in files:
        found = _document(path, videos, options, notes)
        used = {row.label for row in found[0]}
        rows += found[0]
        classes.update(dict.fromkeys([*found[1], *sorted(used - set(found[1]))]))
    return Annotated(rows, tuple(classes), notes)


def _document(
    path: Path, videos: VideoFolder, options: ImportOptions, notes: list[str]
) -> tuple[list[TableRow], list[str]]:
    """Return the rows of a file and its category names, without categories that were replaced by attributes."""
    content = _content(path)
    names = {c["id"]: str(c["name"]) for c in _entries(content, "categories", ("id", "name"), path)}
    pictures = _pictures(content, path, videos)
    named = [picture.frame for picture in pictures.values() if picture.named]
    first = {False: 0, True: 0 if options.first_frame is None and min(named, default=0) == 0 else 1}
    if options.first_frame is not None:
        first = {False: options.first_frame, True: options.first_frame}
    elif named:
        notes.append(f"{path}: assumed that frame numbers in file names start at {first[True]}; see --first-frame")
    rows: list[TableRow] = []
    crowds, replaced = 0, set()
    sizes = videos.probe(picture.video for picture in pictures.values()) if pictures else {}
    for entry in _entries(content, "annotations", ("image_id", "category_id"), path):
        where = f"{path}: annotation {entry.get('id', '?')}"
        if entry.get("iscrowd"):
            crowds += 1
            continue
        picture = pictures.get(entry["image_id"])
        if picture is None or entry["category_id"] not in names:
            raise AnnotationError(
                f"{where}: expected an image_id and a category_id that are listed in the file, got {_short(entry)}"
            )
        box = checked_box([str(v) for v in entry.get("bbox") or ()], where, has_size=True)
        info = sizes[picture.video]
        if picture.size is not None and picture.size != (info.width, info.height):
            scale = (info.width / picture.size[0], info.height / picture.size[1])
            box = (box[0] * scale[0], box[1] * scale[1], box[2] * scale[0], box[3] * scale[1])
        attributes = entry.get("attributes") if isinstance(entry.get("attributes"), dict) else {}
        ticked = [str(name) for name, value in (attributes or {}).items() if value is True and name != "occluded"]
        if ticked:
            replaced.add(names[entry["category_id"]])
        frame = picture.frame - first[picture.named]
        if frame < 0:
            raise AnnotationError(f"{where}: frame {picture.frame}: expected at least {first[picture.named]}")
        track = _first(entry, TRACKS) if _first(entry, TRACKS) is not None else _first(attributes or {}, TRACKS)
        rows += [
            TableRow(picture.video, frame, box, label, "" if track is None else str(track))
            for label in ticked or [names[entry["category_id"]]]
        ]
    if crowds:
        notes.append(f"{path}: {crowds} crowd annotations were skipped")
    plain = {row.label for row in rows}
    return rows, [name for name in names.values() if name in plain or name not in replaced]


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


def _entries(content: Mapping[str, Any], part: str, keys: tuple[str, ...], path: Path) -> Iterable[dict[str, Any]]:
    """Yield the entries of a list in the file; each must have the given keys."""
    for number, entry in enumerate(content[part]):
        if not isinstance(entry, dict) or not set(keys) <= set(entry):
            raise AnnotationError(f"{path}: {part}[{number}]: expected {', '.join(keys)}, got {_short(entry)}")
        yield entry


def _pictures(content: Mapping[str, Any], path: Path, videos: VideoFolder) -> dict[Any, Picture]:
    """Return the pictures of a file by id."""
    films = {}
    if "videos" in content:
        films = {v["id"]: str(v.get("name") or v.get("file_name")) for v in _entries(content, "videos", ("id",), path)}
    made: dict[Any, Picture] = {}
    known: dict[str, str] = {}
    for entry in _entries(content, "images", ("id",), path):
        where = f"{path}: image {entry['id']}"
        frame = _first(entry, FRAMES)
        named = frame is None or entry.get("video_id") not in films
        if named:
            film, frame = _by_name(str(entry.get("file_name", "")), videos, where)
        else:
            film = films[entry["video_id"]]
        if film not in known:
            known[film] = videos.find(film, where)
        size = (float(entry["width"]), float(entry["height"])) if entry.get("width") and entry.get("height") else None
        made[entry["id"]] = Picture(known[film], int(frame), size, named)
    return made


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
