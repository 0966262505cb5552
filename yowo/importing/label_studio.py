"""Label Studio's JSON of videos: rectangles with key frames, in the full export (JSON) and in JSON-MIN.

Frames count from 1, boxes are percentages of the picture and turn around their upper left corner. As in the tool, boxes
between key frames are interpolated linearly; one that is not `enabled` is the last until the next key frame; without
one, the last box stays until the end of the video.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.collecting import Box, Collector
from yowo.importing.file_links import linked_video
from yowo.importing.json_file import read_json
from yowo.projects.table import TableRow
from yowo.video.probe import VideoInfo
from yowo.video.video_folder import VideoFolder

WANTED = "export the project as JSON"
RECTANGLE = "videorectangle"
LABELS, CHOICES = ("labels", "videolabels"), ("choices", "taxonomy")
"""Keys of a region's label, and of what is chosen for a region (`perRegion`)."""
SIDES = ("x", "y", "width", "height", "rotation")
SAME_COUNT, SAME_LENGTH = 0.02, 0.05
"""Shares by which numbers of frames, and lengths in seconds, of one film may differ between tools."""
FACTS = frozenset(
    ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "task", "project", "agreement")
)
"""What JSON-MIN says about a task beside its data."""


class Region(NamedTuple):
    """A box that moves.

    Attributes:
        keys: Its key frames.
        labels: Its labels.
        choices: What was chosen for it.
        frames: Frames of the video as the tool counted them; 0 if it does not say.
        seconds: Length of the video; 0 if the tool does not say.
    """

    keys: Sequence[Mapping[str, Any]]
    labels: list[str]
    choices: list[str]
    frames: float
    seconds: float


class Film(NamedTuple):
    """An annotated video of a source.

    Attributes:
        links: What names it, the most telling first.
        regions: Its regions by id.
        where: File and task, for messages.
        document: Name of the file.
    """

    links: list[str]
    regions: Mapping[str, Region]
    where: str
    document: str


def read_label_studio(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read videos that were annotated with Label Studio's `VideoRectangle`.

    Actions are what was chosen for a region (`Choices` with `perRegion`), else its labels. If several people annotated
    a video, the annotation marked as ground truth is read, else the latest; cancelled ones and predictions are not.

    Args:
        source: JSON file, or a folder of JSON files.
        videos: The annotated videos.
        options: Uses `actions` ("labels", "attributes" for the choices, or "auto") and `first_frame` (default 1).

    Raises:
        AnnotationError: A file is not Label Studio's, or entries are damaged; the message names them.
    """
    files = sorted(source.rglob("*.json")) if source.is_dir() else [source]
    if not files:
        raise AnnotationError(f"{source}: expected a JSON file, or a folder of them; {WANTED}")
    collector = Collector()
    found: list[tuple[Film, str]] = []
    regions = 0
    for path in files:
        with collector.entry():
            for film in _films(path, collector):
                regions += len(film.regions)
                if film.regions:
                    with collector.entry():
                        found.append((film, linked_video(videos, film.links, film.where, collector)))
    infos = videos.probe(video for _, video in found)
    for film, video in found:
        _add(film, video, infos[video], options, collector)
    collector.require()
    if not regions:
        raise AnnotationError(f"{source}: holds no rectangles in videos (videorectangle); {WANTED}")
    return collector.annotated(dict.fromkeys(row.label for row in collector.rows))


def _films(path: Path, collector: Collector) -> Iterator[Film]:
    """Yield the annotated videos of a file."""
    tasks = _content(path)
    latest: dict[str, Mapping[str, Any]] = {}
    for number, task in enumerate(tasks):
        where = f"{path}: task {task.get('id', number)}"
        results = task.get("annotations", task.get("completions"))
        if isinstance(results, list):
            chosen = _chosen(results, where, collector)
            if chosen is not None:
                with collector.entry():
                    yield Film(_links(task), _regions(chosen, where, collector), where, str(path))
            continue
        name = str(task.get("id", number))
        before = latest.get(name)
        if before is not None:
            collector.leave_out("annotations of others than the latest were left out", where)
        if before is None or _date(task) >= _date(before):
            latest[name] = task
    for name, task in latest.items():
        where = f"{path}: task {name}"
        with collector.entry():
            yield Film(_links({"data": task}), _short_regions(task, where), where, str(path))


def _content(path: Path) -> list[Mapping[str, Any]]:
    content = read_json(path, WANTED)
    tasks = content if isinstance(content, list) else [content]
    if not tasks or not all(isinstance(task, dict) and task for task in tasks):
        raise AnnotationError(f"{path}: expected a list of tasks; {WANTED}")
    return tasks


def _date(entry: Mapping[str, Any]) -> str:
    return str(entry.get("updated_at") or entry.get("created_at") or "")


def _chosen(results: Sequence[Any], where: str, collector: Collector) -> Mapping[str, Any] | None:
    """Return the annotation of a task that is read; None if it has none."""
    made = [entry for entry in results if isinstance(entry, dict) and isinstance(entry.get("result"), list)]
    if len(made) < len(results):
        raise AnnotationError(f"{where}: expected annotations with a list result; {WANTED}")
    done = [entry for entry in made if not entry.get("was_cancelled")]
    if len(done) < len(made):
        collector.leave_out("annotations were cancelled and left out", where)
    if len(done) > 1:
        truth = any(entry.get("ground_truth") for entry in done)
        words = "the one marked as ground truth" if truth else "the latest"
        collector.leave_out(f"tasks have several annotations, of which {words} was read", where)
    return max(done, key=lambda entry: (bool(entry.get("ground_truth")), _date(entry)), default=None)


def _links(task: Mapping[str, Any]) -> list[str]:
    """Return what may name the video of a task: the data of the task, videos first, and the uploaded file."""
    data = task.get("data")
    found = data if isinstance(data, dict) else {}
    named = sorted(found.items(), key=lambda item: "video" not in str(item[0]).lower())
    texts = [value for key, value in named if isinstance(value, str) and value and key not in FACTS]
    upload = task.get("file_upload")
    return [*texts, upload] if isinstance(upload, str) and upload else texts


def _regions(annotation: Mapping[str, Any], where: str, collector: Collector) -> dict[str, Region]:
    """Return the regions of an annotation; the parts of one region have the same id."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for number, result in enumerate(annotation["result"]):
        if not isinstance(result, dict) or not isinstance(result.get("value", {}), dict):
            raise AnnotationError(f"{where}: result[{number}]: expected an object with a value; {WANTED}")
        parts.setdefault(str(result.get("id", number)), []).append(result)
    made = {}
    for name, results in parts.items():
        kinds = {str(result.get("type", "")).lower() for result in results}
        if RECTANGLE not in kinds:
            collector.leave_out(
                "results are no rectangles in videos and were left out", f"{where}: {name}: {min(kinds)}"
            )
            continue
        values = [result.get("value", {}) for result in results]
        box = next(v for r, v in zip(results, values, strict=True) if str(r.get("type", "")).lower() == RECTANGLE)
        made[name] = _region(box, values, f"{where}: region {name}")
    return made


def _short_regions(task: Mapping[str, Any], where: str) -> dict[str, Region]:
    """Return the regions of a task in JSON-MIN: dictionaries with a sequence, under the name of the tag."""
    lists = [value for value in task.values() if isinstance(value, list)]
    boxes = [entry for value in lists for entry in value if isinstance(entry, dict) and "sequence" in entry]
    named = {f"{task.get('id', 0)}-{number}": box for number, box in enumerate(boxes)}
    return {name: _region(box, [box], f"{where}: region {name}") for name, box in named.items()}


def _region(box: Mapping[str, Any], values: Iterable[Mapping[str, Any]], where: str) -> Region:
    keys = box.get("sequence")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise AnnotationError(f"{where}: expected a list of key frames, sequence; {WANTED}")
    checked = [_key(key, f"{where}, key frame {number}") for number, key in enumerate(keys)]
    listed = list(values)
    return Region(
        sorted(checked, key=lambda key: float(key["frame"])),
        list(dict.fromkeys(text for name in LABELS for value in listed for text in _texts(value.get(name)))),
        list(dict.fromkeys(text for name in CHOICES for value in listed for text in _texts(value.get(name)))),
        _number(box.get("framesCount")),
        _number(box.get("duration")),
    )


def _key(key: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a key frame whose numbers are finite."""
    found = {name: key.get(name, 0 if name == "rotation" else None) for name in ("frame", *SIDES)}
    wrong = [name for name, value in found.items() if math.isnan(_number(value, math.nan))]
    if wrong:
        raise AnnotationError(f"{where}: {wrong[0]}: expected a number, got {found[wrong[0]]!r}")
    return {**found, "enabled": key.get("enabled", True) is not False}


def _number(value: object, otherwise: float = 0.0) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number and isinstance(value, (int, float)) else otherwise


def _texts(value: object) -> list[str]:
    """Return chosen names: of a list of names, of one name, and the last ones of a taxonomy's paths."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if not isinstance(value, list):
        return []
    return [str(entry[-1]) if isinstance(entry, list) and entry else str(entry) for entry in value if entry]


def _add(film: Film, video: str, info: VideoInfo, options: ImportOptions, collector: Collector) -> None:
    """Add the rows of a video."""
    first = 1 if options.first_frame is None else options.first_frame
    for name, region in film.regions.items():
        where = f"{film.where}: region {name}"
        actions = _actions(region, options)
        if not actions:
            collector.leave_out("regions have no label and were left out", where)
            continue
        scale = _rate(region, info, collector, where)
        if region.keys and float(region.keys[-1]["frame"]) - first >= info.num_frames * scale:
            words = "regions have key frames past the end of their video, which were left out"
            collector.leave_out(words, f"{where}: frame {region.keys[-1]['frame']} of {info.num_frames}")
        for frame, box in _every_frame(region, info, first, scale):
            with collector.entry():
                for label in actions:
                    collector.add(
                        TableRow(video, frame, box, label, name), Place(film.document, f"{where}, frame {frame + 1}")
                    )


def _actions(region: Region, options: ImportOptions) -> list[str]:
    if options.actions == "labels":
        return region.labels
    return region.choices if options.actions == "attributes" else region.choices or region.labels


def _rate(region: Region, info: VideoInfo, collector: Collector, where: str) -> float:
    """Return how many frames of the tool are one of the video: not 1 if the tool was set to another frame rate."""
    seconds = info.num_frames / info.fps
    if abs(region.frames - info.num_frames) <= max(1.0, SAME_COUNT * info.num_frames):
        return 1.0
    if not region.frames or abs(region.seconds - seconds) > SAME_LENGTH * seconds:
        return 1.0
    collector.leave_out(
        "regions were drawn at another frame rate than the video's, and were placed by time",
        f"{where}: {region.frames:g} frames, the video has {info.num_frames}",
    )
    return region.frames / info.num_frames


def _every_frame(region: Region, info: VideoInfo, first: int, scale: float) -> Iterator[tuple[int, Box]]:
    """Yield the frames of the video, from 0, that show a region, and its box in pixels."""
    keys = region.keys
    if not keys:
        return
    frames = np.array([float(key["frame"]) for key in keys]) - first
    sides = np.array([[float(key[name]) for name in SIDES] for key in keys])
    last = info.num_frames if keys[-1]["enabled"] else math.ceil((frames[-1] + 1) / scale)
    for frame in range(max(0, math.floor(frames[0] / scale)), min(last, info.num_frames)):
        shown = frame if scale == 1 else math.floor((frame + 0.5) * scale)  # the tool's frame at the same time
        if shown < frames[0]:
            continue
        before = int(np.searchsorted(frames, shown, side="right")) - 1
        if frames[before] != shown and not keys[before]["enabled"]:
            continue
        yield frame, _pixels([float(np.interp(shown, frames, sides[:, side])) for side in range(len(SIDES))], info)


def _pixels(sides: Sequence[float], info: VideoInfo) -> Box:
    """Return the box x1 y1 x2 y2 in pixels around a rectangle in percent, which is turned around its corner."""
    x, y, width, height = (v / 100 * (info.width, info.height)[place % 2] for place, v in enumerate(sides[:4]))
    angle = math.radians(sides[4])
    if not angle:
        return x, y, x + width, y + height
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    turned = corners @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) + (x, y)
    (left, top), (right, bottom) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    return left, top, right, bottom
