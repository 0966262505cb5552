"""CVAT's format "CVAT for video 1.1": tracks of boxes in XML; and "CVAT for images 1.1", see `cvat_images`.

Frame numbers are those of the video, from 0. As in CVAT, boxes between listed frames are interpolated linearly, on the
frames of the task (`start_frame`, `frame_filter`). A box with outside="1" interrupts the track until the next box, and
the last listed box ends it. Attribute values are kept until they change.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.parsers import expat

import numpy as np

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.collecting import ROUNDING, Box, Collector
from yowo.importing.cvat_actions import CvatLabels
from yowo.importing.cvat_images import CvatImages
from yowo.progress import track
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder

WANTED = 'export the task as "CVAT for video 1.1"'
"""Advice at the end of error messages."""
SHAPES = ("box", "ellipse", "polygon", "polyline")
BLOCK = 1 << 16

Opened = Callable[[], IO[bytes]]
"""Opens a document."""


class Task(NamedTuple):
    """A CVAT task.

    Attributes:
        document: Name of the file, with the number of the task if the file has several.
        video: Name of its video in `VideoFolder`.
        start: First frame of the task.
        step: Distance between the frames of the task, in frames of the video.
    """

    document: str
    video: str
    start: int
    step: int


class Shape(NamedTuple):
    """A track on one frame.

    Attributes:
        frame: Frame number in the video, from 0.
        box: x1 y1 x2 y2 in pixels; reversed at most where the person is outside.
        outside: Whether the person is out of view from this frame on.
        occluded: Whether the person is marked as occluded.
        values: Attribute values by name.
    """

    frame: int
    box: Box
    outside: bool
    occluded: bool
    values: Mapping[str, str]


def read_cvat(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read an export of CVAT.

    Args:
        source: XML file, zip of XML files, or folder with either.
        videos: The annotated videos.
        options: Uses `actions`, `attributes` and `keep_occluded`.

    Raises:
        AnnotationError: Files are damaged or have another format; the message names files and tracks.
    """
    labels = CvatLabels(options)
    collector = Collector()
    documents = tracks = 0
    for name, opened in track(_documents(source), "reading annotations", unit="files", part=True):
        documents += 1
        with collector.entry():
            tracks = _document(name, opened, videos, labels, collector, tracks)
    if not documents:
        raise AnnotationError(f"{source}: expected a CVAT XML file, or a zip or folder of such files; {WANTED}")
    used = {row.label for row in collector.rows}
    return collector.annotated([*labels.names, *sorted(used - set(labels.names))])


def _documents(source: Path) -> Iterator[tuple[str, Opened]]:
    """Yield each XML file of a source: its name for messages and a function that opens it."""
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".xml", ".zip"))
    elif source.is_file():
        files = [source]
    else:
        raise AnnotationError(f"{source}: file or folder not found; check the path")
    for path in files:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in sorted(n for n in archive.namelist() if n.lower().endswith(".xml")):
                    yield f"{path}: {name}", lambda archive=archive, name=name: archive.open(name)  # type: ignore[misc]
        else:
            yield str(path), lambda path=path: path.open("rb")  # type: ignore[misc]


def _document(
    name: str,
    opened: Callable[[], IO[bytes]],
    videos: VideoFolder,
    labels: CvatLabels,
    collector: Collector,
    first: int,
) -> int:
    """Read one XML file; its tracks are numbered starting at `first`. Returns the first number that is not taken."""
    tasks: dict[str, Task | None] | None = None
    root: Element | None = None
    meta = Element("meta")
    images = CvatImages(name, videos, labels, collector)
    number = first
    try:
        with opened() as file:
            _refuse_doctype(file, name)
        with opened() as file:
            for event, element in iterparse(file, events=("start", "end")):
                if root is None:
                    root = element
                    _require(root.tag == "annotations", name, f"expected <annotations>, got <{root.tag}>")
                elif event == "end" and element.tag == "meta":
                    labels.declare(element)
                    meta = element
                elif event == "end" and element.tag == "image":
                    with collector.entry():
                        images.add(element, _source(meta, element), _box)
                    element.clear()
                    root.clear()
                elif event == "end" and element.tag == "track":
                    tasks = _tasks(meta, name, videos, collector) if tasks is None else tasks
                    with collector.entry():
                        task = _task_of(element, tasks, name, videos)
                        if task is not None:
                            _track(element, task, str(number), name, labels, collector)
                    number += 1
                    element.clear()
                    root.clear()
    except (ParseError, expat.ExpatError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise AnnotationError(f"{name}: not well-formed XML ({error}); {WANTED}") from error
    if images.count:
        images.finish()
    elif tasks is None:
        _tasks(meta, name, videos, collector)  # names a video that is not there, also without a track
    return number


def _source(meta: Element, image: Element) -> str:
    """Return the video that the task of an image was made from; empty if it was made from pictures."""
    number = image.get("task_id", "")
    task = next((t for t in meta.iter("task") if not number or t.findtext("id", "").strip() == number), meta)
    film = meta.findtext("source") or task.findtext("source") or task.findtext("name") or ""
    return film.strip() if task.findtext("mode", "").strip() == "interpolation" else ""


def _refuse_doctype(file: IO[bytes], name: str) -> None:
    """Reject files with a DOCTYPE: CVAT does not write one, and nested entities could expand to unbounded size."""

    def refuse(*_: object) -> None:
        raise AnnotationError(f"{name}: contains a DOCTYPE, which CVAT's files do not have; {WANTED}")

    begun = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda *_: begun.append(True)
    while not begun and (block := file.read(BLOCK)):
        parser.Parse(block)


def _require(fits: bool, name: str, words: str) -> None:
    if not fits:
        raise AnnotationError(f"{name}: {words}; {WANTED}")


def _tasks(meta: Element, name: str, videos: VideoFolder, collector: Collector) -> dict[str, Task | None]:
    """Return the tasks of a document by id; an export of a single task or job gives one task with the id "".

    A task whose video is unknown is None: it is a problem, and its tracks are not read.
    """
    whole = next((found for kind in ("task", "job") if (found := meta.find(kind)) is not None), None)
    made: dict[str, Task | None] = {}
    for number, task in enumerate([whole] if whole is not None else meta.findall("project/tasks/task")):
        document = name if number == 0 else f"{name}, task {task.findtext('id', '').strip()}"
        source = (meta if whole is not None else task).findtext("source") or task.findtext("source")
        key = "" if whole is not None else task.findtext("id", "").strip()
        made[key] = None
        with collector.entry():
            made[key] = _task(task, source or task.findtext("name") or "", name, document, videos, collector)
    return made


def _task(task: Element, source: str, name: str, document: str, videos: VideoFolder, collector: Collector) -> Task:
    """Find the video of a task by its source file, else by the task's name; else it is the only video."""
    title = task.findtext("name", "").strip()
    where = f"{name}: task {title!r}"
    known = [named for named in (source, title) if named and videos.has(named)]
    if not known and len(videos.paths) == 1:
        video = next(iter(videos.paths))
        collector.leave_out("tasks name another video and were assigned to the only video given", f"{where}: {source}")
    else:
        video = videos.find(known[0] if known else source, where)
    step = task.findtext("frame_filter", "").strip().removeprefix("step=")
    start = task.findtext("start_frame", "").strip()
    return Task(
        document,
        video,
        int(start) if start.isdecimal() else 0,
        max(int(step), 1) if step.isdecimal() else 1,
    )


def _task_of(track: Element, tasks: Mapping[str, Task | None], name: str, videos: VideoFolder) -> Task | None:
    """Return the task of a track; in a document without tasks, tracks belong to the only video."""
    if not tasks and len(videos.paths) == 1:
        return Task(name, next(iter(videos.paths)), 0, 1)
    number = track.get("task_id", "") if "" not in tasks else ""
    if number not in tasks:
        raise AnnotationError(
            f"{name}: track {track.get('id')}: expected the task_id of a task in <meta>, got {number or 'none'}; "
            f"{WANTED}"
        )
    return tasks[number]


def _track(track: Element, task: Task, number: str, name: str, labels: CvatLabels, collector: Collector) -> None:
    """Add the rows of a track."""
    where = f"{name}: track {track.get('id', '?')}"
    label = track.get("label", "").strip()
    lasting = {a.get("name", ""): a.text or "" for a in track.findall("attribute")}
    shapes: list[Shape] = []
    for element in track:
        if element.tag in SHAPES:
            lasting |= {a.get("name", ""): a.text or "" for a in element.findall("attribute")}
            with collector.entry():
                shapes.append(_shape(element, dict(lasting), where))
        elif element.tag != "attribute":
            collector.leave_out(f"shapes of type {element.tag} were skipped", where)
    shapes.sort(key=lambda shape: shape.frame)
    seen = idle = 0
    for shape in _every_frame(shapes, task):
        if shape.occluded and not labels.options.keep_occluded:
            continue
        seen += 1
        actions = labels.actions(label, shape.values)
        idle += not actions
        for action in actions:
            row = TableRow(task.video, shape.frame, shape.box, action, number)
            collector.add(row, Place(task.document, f"{where}, frame {shape.frame}"))
    if not seen:
        collector.leave_out("tracks have no box on any frame", where)
    elif idle:
        collector.leave_out(
            "tracks have frames without an action, which were skipped", f"{where} ({idle} of {seen} frames)"
        )


def _every_frame(shapes: list[Shape], task: Task) -> Iterator[Shape]:
    """Yield a track's shapes that are not outside, including the interpolated ones."""
    for place, shape in enumerate(shapes):
        if shape.outside:
            continue
        yield shape
        if place + 1 == len(shapes):
            continue
        after = shapes[place + 1]
        first = shape.frame + 1 + (task.start - shape.frame - 1) % task.step
        begin, end = np.array(shape.box), np.array(after.box)
        if (end[2:] < end[:2]).any():  # where the person is outside, the box need not be one
            end = begin
        for frame in range(first, after.frame, task.step):
            share = (frame - shape.frame) / (after.frame - shape.frame)
            x1, y1, x2, y2 = (begin + share * (end - begin)).tolist()
            yield shape._replace(frame=frame, box=(x1, y1, x2, y2))


def _shape(element: Element, values: Mapping[str, str], where: str) -> Shape:
    frame = element.get("frame", "")
    place = f"{where}, frame {frame}"
    if not frame.isdecimal():
        raise AnnotationError(f"{where}: <{element.tag}> frame: expected a whole number, got {frame!r}")
    try:
        box = _box(element)
    except (KeyError, ValueError) as error:
        raise AnnotationError(f"{place}: <{element.tag}>: expected numbers as coordinates, got {error}") from error
    x1, y1, x2, y2 = box
    outside = element.get("outside") == "1"
    if not np.isfinite(box).all():
        raise AnnotationError(f"{place}: <{element.tag}>: expected finite numbers, got {x1:g},{y1:g},{x2:g},{y2:g}")
    if not outside and min(x2 - x1, y2 - y1) < -ROUNDING:
        raise AnnotationError(f"{place}: expected xtl < xbr and ytl < ybr, got {x1:g},{y1:g},{x2:g},{y2:g}")
    return Shape(int(frame), box, outside, element.get("occluded") == "1", values)


def _box(element: Element) -> Box:
    """Return the axis-aligned bounding box of a shape: x1 y1 x2 y2 in pixels."""
    if element.tag == "box":
        x1, y1, x2, y2 = (float(element.attrib[key]) for key in ("xtl", "ytl", "xbr", "ybr"))
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        turn = float(element.get("rotation", 0))
        if not turn:
            return x1, y1, x2, y2
    elif element.tag == "ellipse":
        x, y, width, height = (float(element.attrib[key]) for key in ("cx", "cy", "rx", "ry"))
        return x - width, y - height, x + width, y + height
    else:
        corners = np.array([[float(value) for value in p.split(",")] for p in element.attrib["points"].split(";")])
        turn = 0.0
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    angle = np.deg2rad(turn)
    turned = (corners - middle) @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + middle
    (left, top), (right, bottom) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    return left, top, right, bottom
