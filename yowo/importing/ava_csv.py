"""AVA's CSV: rows video, second, x1, y1, x2, y2, action id[, person id], boxes as fractions, one row per action."""

import csv
from pathlib import Path

import numpy as np

from yowo.data.clips import CLIP_RATE
from yowo.datasets.ava_annotation import read_class_list
from yowo.datasets.class_lists import class_list
from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.box_numbers import add_boxes
from yowo.importing.collecting import Collector, parsed_box
from yowo.projects.table import TableRow
from yowo.video.frame_times import FrameTimes, read_many_times
from yowo.video.video_folder import VideoFolder

SLACK = 1.0
"""Tolerance in seconds by which a row may be later than the end of its video; it is assigned to the last frame."""


def read_ava_csv_rows(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a CSV in AVA's format; each row is assigned to the frame that is shown at its timestamp.

    Class names come from `options.classes`, else from a `.pbtxt` file in the same folder, else from AVA's 80 classes;
    in the last two cases only classes that occur in rows are kept.

    Args:
        source: The file, with or without a header.
        videos: The annotated videos.
        options: Uses `classes`, `start_second`, `boxes` (default corners) and `units` (default fractions).

    Raises:
        AnnotationError: Rows are damaged; the message names file and rows.
    """
    names = _class_names(source, options)
    collector = Collector()
    rows: list[TableRow] = []
    seconds: list[float] = []
    places: list[Place] = []
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            for fields in reader:
                header = reader.line_num == 1 and len(fields) > 1 and not _is_number(fields[1])
                if header or not any(fields) or len(fields) == 2:  # a timestamp without a person
                    continue
                where = f"{source}, row {reader.line_num}"
                with collector.entry():
                    row, second = _row(fields, names, where)
                    rows.append(row._replace(video=collector.video(videos, row.video, where)))
                    seconds.append(second)
                    places.append(Place(str(source), where))
    except OSError as error:
        raise AnnotationError(f"{source}: expected a CSV file ({error.strerror or error})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise AnnotationError(f"{source}: expected a CSV file in UTF-8: {error}") from error
    rows, places = _placed(collector, rows, np.array(seconds) - options.start_second, places, videos)
    with collector.entry():
        add_boxes(collector, rows, places, videos, options, str(source), units="fractions")
    used = {row.label for row in rows}
    return collector.annotated(options.classes or tuple(name for name in names.values() if name in used))


def _class_names(source: Path, options: ImportOptions) -> dict[int, str]:
    if options.classes is not None:
        return dict(enumerate(options.classes, 1))
    lists = sorted(source.parent.glob("*.pbtxt"), key=lambda path: len(path.name))
    if lists:
        return read_class_list(lists[0])
    return dict(enumerate(class_list("ava"), 1))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _row(fields: list[str], names: dict[int, str], where: str) -> tuple[TableRow, float]:
    """Return a row with the four numbers of the file as its box and frame 0, and its timestamp in seconds."""
    if not 7 <= len(fields) <= 8:
        raise AnnotationError(
            f"{where}: expected video,second,x1,y1,x2,y2,action_id[,person_id], got {len(fields)} fields"
        )
    video, second, *corners, action = (text.strip() for text in fields[:7])
    if not _is_number(second):
        raise AnnotationError(f"{where}: second: expected a number, got {second!r}")
    if not action.isdecimal() or int(action) not in names:
        raise AnnotationError(f"{where}: action_id: expected one of {len(names)} ids, got {action!r}; see --classes")
    track = fields[7].strip() if len(fields) == 8 else ""
    return TableRow(video, 0, parsed_box(corners, where), names[int(action)], track), float(second)


def _placed(
    collector: Collector, rows: list[TableRow], seconds: np.ndarray, places: list[Place], videos: VideoFolder
) -> tuple[list[TableRow], list[Place]]:
    """Set the frame of each row to the one shown at its time: `seconds`, float64 [n], since the start of its video.

    Returns:
        The rows whose time is within their video, and their places; the others are problems.
    """
    infos = videos.probe(row.video for row in rows)
    files = {name: str(videos.paths[name]) for name, info in infos.items() if info.backend != "frames"}
    read = read_many_times({path: infos[name].num_frames for name, path in files.items()})
    times = {
        name: read[files[name]] if name in files else FrameTimes.even(info.num_frames, CLIP_RATE)
        for name, info in infos.items()
    }
    video = np.array([row.video for row in rows])
    frames = np.full(len(rows), -1, dtype=np.int64)
    for name, own in times.items():
        here = np.flatnonzero(video == name)
        here = here[(seconds[here] >= 0) & (seconds[here] <= own.end + SLACK)]
        frames[here] = own.frames_at(seconds[here])
    for row, second, place, frame in zip(rows, seconds.tolist(), places, frames.tolist(), strict=True):
        with collector.entry():
            if frame < 0:
                raise AnnotationError(
                    f"{place.entry}: expected a time within {row.video}, 0 to {times[row.video].end:.1f} s, got "
                    f"{second:g} s: set --start-second to the timestamp at which the videos start"
                )
    kept = np.flatnonzero(frames >= 0).tolist()
    return [rows[i]._replace(frame=int(frames[i])) for i in kept], [places[i] for i in kept]
