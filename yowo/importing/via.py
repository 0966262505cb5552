"""VIA 3, the VGG Image Annotator for videos: its project file (JSON).

A box is on the frame that is shown at its time `z`, in pixels of the video; boxes are not interpolated. A time segment
without a box gives its label to the boxes in it that have none of their own.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from yowo.data.clips import CLIP_RATE
from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.collecting import Box, Collector
from yowo.importing.file_links import linked_video
from yowo.importing.json_file import read_json
from yowo.importing.picture_frames import LOST, PictureFrames, refuse_if_all_are_lost
from yowo.projects.table import TableRow
from yowo.video.frame_times import FrameTimes, read_many_times
from yowo.video.video_folder import VideoFolder

WANTED = "save the project of VIA 3 (a .json file)"
PARTS = ("attribute", "file", "view", "metadata")
IMAGE, SOUND = 2, 8
"""Types of files."""
POINT, RECTANGLE, CIRCLE, ELLIPSE, EXTREME_CIRCLE = 1, 2, 3, 4, 9
"""Shapes; the others are lists of points."""
CHECKBOX = 2
"""Type of the attributes that may have several values, separated by commas."""
TRACKS = frozenset(("id", "track", "trackid", "personid", "objectid", "instance", "instanceid", "identity"))
"""Names of attributes that say which person it is, without blanks and signs."""
ONLY_CLASS = "person"
"""Label of boxes in a project without attributes."""
ROUNDING = 0.0006
"""Seconds that a time may be too early, because VIA rounds to milliseconds."""


class Mark(NamedTuple):
    """An entry of `metadata`.

    Attributes:
        times: None, one or two seconds: of the file, a moment, or a segment.
        box: x1 y1 x2 y2 in pixels; None for a segment.
        labels: Its actions.
        track: Name of the person; empty if it has none.
        where: File and entry, for messages.
    """

    times: tuple[float, ...]
    box: Box | None
    labels: list[str]
    track: str
    where: str


def read_via(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a project of VIA 3.

    The actions of a box are the values of its attributes with options (checkboxes, lists), or of all attributes if
    none has options. An attribute called track, id, person id or the like tells persons apart.

    Args:
        source: JSON file, or a folder of JSON files.
        videos: The annotated videos, or folders with the annotated pictures.
        options: Uses `attributes` (names of the attributes that are actions), `first_frame` (numbers of pictures) and
            `start_second`.

    Raises:
        AnnotationError: A file is no project of VIA 3, or entries are damaged; the message names them.
    """
    files = sorted(source.rglob("*.json")) if source.is_dir() else [source]
    if not files:
        raise AnnotationError(f"{source}: expected a JSON file, or a folder of them; {WANTED}")
    collector = Collector()
    for path in files:
        with collector.entry():
            _add_project(path, videos, options, collector)
    return collector.annotated(dict.fromkeys(row.label for row in collector.rows))


def _add_project(path: Path, videos: VideoFolder, options: ImportOptions, collector: Collector) -> None:
    project = _content(path)
    attributes = _Attributes(project["attribute"], options, path)
    marks: dict[str, list[Mark]] = {}
    for name, entry in project["metadata"].items():
        with collector.entry():
            where = f"{path}: metadata {name}"
            marks.setdefault(_file_of(entry, project, where, collector), []).append(
                _mark(entry, attributes, where, collector)
            )
    pictures = PictureFrames(videos, options.first_frame, collector)
    before = len(collector.rows)
    stills: dict[str, list[Mark]] = {}
    films: dict[str, list[Mark]] = {}
    for file, found in marks.items():
        with collector.entry():
            about = project["file"][file]
            links = [text for key in ("fname", "src") if isinstance(text := about.get(key), str) and text]
            where = f"{path}: file {file}"
            if about.get("type") == SOUND:
                collector.leave_out("files are sound and were left out", where)
            elif about.get("type") == IMAGE:
                pictures.add(file, _required(links, where), where)
                stills[file] = found
            else:
                films.setdefault(linked_video(videos, links, where, collector), []).extend(found)
    times = _times(films, videos)
    for video, found in films.items():
        _add_film(video, found, times[video], options.start_second, collector, str(path))
    places = pictures.places(str(path)) if stills else {}
    for file, found in stills.items():
        for mark in found:
            if mark.box is not None and file in pictures.lost:
                collector.leave_out(LOST, pictures.lost[file])
            elif mark.box is not None and file in places:
                _add_box(mark, places[file].video, [places[file].frame], mark.labels, collector, str(path))
    refuse_if_all_are_lost(pictures, len(collector.rows) - before, str(path))


def _content(path: Path) -> Mapping[str, Any]:
    content = read_json(path, WANTED)
    if isinstance(content, dict) and "_via_img_metadata" in content:
        raise AnnotationError(f"{path}: is a project of VIA 2, which has pictures only; export it as COCO, --from coco")
    if not isinstance(content, dict) or not all(isinstance(content.get(part), dict) for part in PARTS):
        raise AnnotationError(f"{path}: expected the parts {', '.join(PARTS)}; {WANTED}")
    return content


def _required(links: Sequence[str], where: str) -> str:
    if not links:
        raise AnnotationError(f"{where}: expected fname or src, got none; {WANTED}")
    return links[0]


class _Attributes:
    """What the values of attributes mean."""

    def __init__(self, declared: Mapping[str, Any], options: ImportOptions, path: Path) -> None:
        """Choose the attributes that are actions.

        Raises:
            AnnotationError: An attribute that was asked for does not exist.
        """
        known = {key: about for key, about in declared.items() if isinstance(about, dict)}
        names = {key: str(about.get("aname", key)) for key, about in known.items()}
        missing = [name for name in options.attributes if name not in names.values()]
        if missing:
            raise AnnotationError(
                f"{path}: has no attribute {missing[0]}; there are {', '.join(names.values()) or 'none'}"
            )
        self.tracks = [key for key, name in names.items() if "".join(filter(str.isalnum, name.lower())) in TRACKS]
        others = [key for key in known if key not in self.tracks]
        self.actions = [key for key in others if known[key].get("options")] or others
        if options.attributes:
            self.actions = [key for key, name in names.items() if name in options.attributes]
            self.tracks = [key for key in self.tracks if key not in self.actions]
        self.none_declared = not known
        self._known = known
        self._options = {key: _options(about.get("options")) for key, about in known.items()}

    def values(self, given: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
        """Return the values, in words, that an entry gives to some attributes."""
        found = []
        for key in keys:
            text = str(given.get(key, "")).strip()
            listed = self._options[key]
            several = self._known[key].get("type") == CHECKBOX and text not in listed
            parts = [part.strip() for part in text.split(",")] if several else [text]
            found += [str(listed.get(part, part)).strip() for part in parts if part]
        return [text for text in dict.fromkeys(found) if text]


def _options(declared: object) -> dict[str, Any]:
    """Return the options of an attribute by their keys; those of a list are numbered from 0."""
    if isinstance(declared, list):
        return {str(number): option for number, option in enumerate(declared)}
    return {str(key): option for key, option in declared.items()} if isinstance(declared, dict) else {}


def _file_of(entry: Any, project: Mapping[str, Any], where: str, collector: Collector) -> str:
    """Return the key of the file that an entry of `metadata` belongs to."""
    view = project["view"].get(str(entry.get("vid"))) if isinstance(entry, dict) else None
    listed = view.get("fid_list") if isinstance(view, dict) else None
    files = [str(file) for file in listed] if isinstance(listed, list) else []
    if not files or not isinstance(project["file"].get(files[0]), dict):
        raise AnnotationError(f"{where}: expected the vid of a view with a file; {WANTED}")
    if len(files) > 1:
        collector.leave_out("entries belong to views of several files, and were taken for the first file", where)
    return files[0]


def _mark(entry: Mapping[str, Any], attributes: _Attributes, where: str, collector: Collector) -> Mark:
    times, shape, given = entry.get("z") or [], entry.get("xy") or [], entry.get("av") or {}
    for name, value in (("z", times), ("xy", shape)):
        fits = isinstance(value, list) and all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in value
        )
        if not fits:
            raise AnnotationError(f"{where}: {name}: expected a list of numbers, got {value!r}")
    if len(times) > 2 or not isinstance(given, dict):
        raise AnnotationError(f"{where}: expected at most two times in z and an object av, got {times!r}, {given!r}")
    labels = attributes.values(given, attributes.actions) or ([ONLY_CLASS] if attributes.none_declared else [])
    track = "-".join(attributes.values(given, attributes.tracks))
    box = _box(shape, where, collector) if shape else None
    if shape and box is None:
        times, labels = [], []  # neither a box nor a segment
    return Mark(tuple(float(second) for second in times), box, labels, track, where)


def _box(shape: Sequence[float], where: str, collector: Collector) -> Box | None:
    """Return the box around a shape; None for one that has none."""
    kind, *numbers = shape
    least = {POINT: 2, CIRCLE: 3, EXTREME_CIRCLE: 6}.get(int(kind), 4)
    if len(numbers) < least:
        raise AnnotationError(f"{where}: xy: expected at least {least} coordinates for shape {kind:g}, got {shape}")
    if kind in (POINT, EXTREME_CIRCLE):
        collector.leave_out("points, and circles through points, are no boxes and were left out", where)
        return None
    if kind == RECTANGLE:
        x, y, width, height = numbers[:4]
        return x, y, x + width, y + height
    if kind in (CIRCLE, ELLIPSE):
        x, y, across, down = (*numbers[:3], numbers[2] if kind == CIRCLE else numbers[3])
        return x - across, y - down, x + across, y + down
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def _times(names: Collection[str], videos: VideoFolder) -> dict[str, FrameTimes]:
    """Return when the frames of videos are shown."""
    infos = videos.probe(names)
    files = {name: str(videos.paths[name]) for name in names if name not in videos.pictures}
    read = read_many_times({path: infos[name].num_frames for name, path in files.items()})
    return {
        name: read[files[name]] if name in files else FrameTimes.even(infos[name].num_frames, CLIP_RATE)
        for name in names
    }


def _add_film(
    video: str, marks: Sequence[Mark], times: FrameTimes, start: float, collector: Collector, document: str
) -> None:
    """Add the boxes of a video; its first frame is at second `start` of the source."""
    segments = [mark for mark in marks if mark.box is None and len(mark.times) == 2 and mark.labels]
    used: set[str] = set()
    for mark in (mark for mark in marks if mark.box is not None):
        with collector.entry():
            if not mark.times:
                raise AnnotationError(f"{mark.where}: z: expected the time of the box, got none")
            if min(mark.times) < start or max(mark.times) - start > times.end + 1:
                raise AnnotationError(
                    f"{mark.where}: z: expected a time within {video}, {start:g} to {start + times.end:.1f} s, got "
                    f"{', '.join(f'{second:g}' for second in mark.times)}; see --start-second"
                )
            around = list(_around(mark, segments)) if not mark.labels else []
            used.update(segment.where for segment in around)
            labels = mark.labels or list(dict.fromkeys(label for segment in around for label in segment.labels))
            first, last = times.frames_at(np.array([min(mark.times), max(mark.times)]) - start + ROUNDING).tolist()
            _add_box(mark, video, range(first, last + 1), labels, collector, document)
    for segment in segments:
        if segment.where not in used:
            collector.leave_out("time segments have no box and were left out", segment.where)


def _around(mark: Mark, segments: Sequence[Mark]) -> Iterator[Mark]:
    """Yield the segments that a box lies in: those of its person, if both name one."""
    for segment in segments:
        same = not (segment.track and mark.track) or segment.track == mark.track
        if same and min(segment.times) <= mark.times[0] <= max(segment.times):
            yield segment


def _add_box(
    mark: Mark, video: str, frames: Sequence[int], labels: Sequence[str], collector: Collector, document: str
) -> None:
    """Add the rows of a box."""
    if not labels:
        collector.leave_out("boxes have no label and were left out", mark.where)
    if mark.box is not None:
        for frame in frames:
            for label in labels:
                collector.add(TableRow(video, frame, mark.box, label, mark.track), Place(document, mark.where))
