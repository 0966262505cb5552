"""MOT-style text: rows frame, id, left, top, width, height[, confidence, class, visibility], one file per video."""

import csv
from pathlib import Path

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.box_numbers import add_boxes
from yowo.importing.collecting import Collector, parsed_box
from yowo.importing.picture_frames import rows_on_pictures
from yowo.projects.table import TableRow, text_lines
from yowo.video.video_folder import VideoFolder

TRUTH, LABELS = "gt.txt", "labels.txt"
ONLY_CLASS = "person"
"""Class name for files without classes."""


def read_mot(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read multi-object tracking ground truth.

    Args:
        source: `<video>.txt`, `<video>/gt/gt.txt`, or a folder that contains them, also in subfolders. A `labels.txt`
            in the same folder gives the class names in the order of their numbers, from 1.
        videos: The annotated videos; frames of folders of pictures are those whose names bear the number.
        options: Uses `classes`, `first_frame` (default 1), `boxes` (default corner and size), `units` and `min_score`.

    Raises:
        AnnotationError: Rows are damaged; the message names file and rows.
    """
    if source.is_dir():
        found = sorted(source.rglob(TRUTH)) or sorted(p for p in source.rglob("*.txt") if p.name != LABELS)
    else:
        found = [source] if source.is_file() else []
    if not found:
        raise AnnotationError(f"{source}: expected <video>/gt/{TRUTH} or <video>.txt, found none")
    collector = Collector()
    rows: list[TableRow] = []
    places: list[Place] = []
    names: dict[str, None] = dict.fromkeys(options.classes or ())
    for path in found:
        with collector.entry():
            classes = options.classes or _listed(path.with_name(LABELS))
            names.update(dict.fromkeys(classes or (ONLY_CLASS,)))
            _read(collector, path, _video(path, source, videos), classes, options, rows, places)
    rows, places = rows_on_pictures(collector, rows, places, videos, 1, options.first_frame)
    with collector.entry():
        add_boxes(collector, rows, places, videos, options, str(source), "xywh")
    return collector.annotated(names)


def _video(path: Path, source: Path, videos: VideoFolder) -> str:
    """Find the video of a file by the file's name, or by the folder that contains it."""
    if path.name != TRUTH:
        return videos.find(path.stem, str(path))
    folder = path.parent.parent if path.parent.name == "gt" else path.parent
    if len(videos.paths) == 1 and (path == source or folder.resolve() == source.resolve()):
        return next(iter(videos.paths))
    return videos.find(folder.resolve().name, str(path))


def _listed(path: Path) -> tuple[str, ...] | None:
    """Read the class names from `labels.txt`; None if the file does not exist."""
    if not path.is_file():
        return None
    return tuple(line.strip() for line in text_lines(path) if line.strip())


def _read(
    collector: Collector,
    path: Path,
    video: str,
    classes: tuple[str, ...] | None,
    options: ImportOptions,
    rows: list[TableRow],
    places: list[Place],
) -> None:
    """Add the rows of a file, with the four numbers of the file as their boxes, to `rows` and `places`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            for fields in reader:
                if not any(fields):
                    continue
                where = f"{path}, row {reader.line_num}"
                with collector.entry():
                    if len(fields) < 6:
                        raise AnnotationError(
                            f"{where}: expected frame,id,left,top,width,height, got {','.join(fields)}"
                        )
                    score = _score(fields, where)
                    if score == 0:
                        collector.leave_out("boxes with confidence 0 were skipped", where)
                        continue
                    if options.min_score is not None and score < options.min_score:
                        collector.leave_out(f"boxes have a score below {options.min_score:g} and were left out", where)
                        continue
                    rows.append(_row(fields, video, classes, options, where))
                    places.append(Place(str(path), where))
    except (csv.Error, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: expected text in UTF-8: {error}") from error


def _score(fields: list[str], where: str) -> float:
    """Return the confidence of a row; 1 if it has none."""
    text = fields[6].strip() if len(fields) > 6 else ""
    try:
        return float(text or 1)
    except ValueError:
        raise AnnotationError(f"{where}: confidence: expected a number, got {text!r}") from None


def _row(
    fields: list[str], video: str, classes: tuple[str, ...] | None, options: ImportOptions, where: str
) -> TableRow:
    first = 1 if options.first_frame is None else options.first_frame
    frame, track = fields[0].strip(), fields[1].strip()
    if not frame.isdecimal() or int(frame) < first:
        raise AnnotationError(f"{where}: frame: expected a whole number of at least {first}, got {frame!r}")
    label = ONLY_CLASS
    if classes is not None:
        number = fields[7].strip() if len(fields) > 7 else "1"
        if not number.isdecimal() or not 1 <= int(number) <= len(classes):
            raise AnnotationError(f"{where}: class: expected 1 to {len(classes)}, got {number!r}; see --classes")
        label = classes[int(number) - 1]
    elif len(fields) > 7 and fields[7].strip() not in ("1", "-1", ""):
        raise AnnotationError(
            f"{where}: class {fields[7]} has no name; give --classes FILE, or put {LABELS} in the same folder"
        )
    box = parsed_box([text.strip() for text in fields[2:6]], where)
    return TableRow(video, int(frame) - first, box, label, track if track != "-1" else "")
