"""The YOWO authors' label files: `labels/<Class>/<video>/00001.txt` with rows class x1 y1 x2 y2."""

from pathlib import Path

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.box_numbers import add_boxes
from yowo.importing.class_numbers import named_rows
from yowo.importing.collecting import Collector, parsed_box
from yowo.projects.table import TableRow, text_lines
from yowo.video.video_folder import VideoFolder


def read_ucf24_labels(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a folder of label files, one per annotated frame.

    Args:
        source: The folder `labels/`, or its parent folder. Class numbers start at 1, or at 0 if one of them is 0; the
            class names are the names of the subfolders in alphabetical order.
        videos: The annotated videos, named like the folders.
        options: Uses `classes`, `first_frame` (default 1), `boxes` (default corners) and `units`.

    Raises:
        AnnotationError: Rows are damaged; the message names file and rows.
    """
    folder = source / "labels" if (source / "labels").is_dir() else source
    files = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not files:
        raise AnnotationError(f"{source}: expected files labels/<Class>/<video>/00001.txt, found none")
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    classes = options.classes or tuple(folders)
    first = 1 if options.first_frame is None else options.first_frame
    collector = Collector()
    rows: list[TableRow] = []
    places: list[Place] = []
    for path in files:
        with collector.entry():
            if not path.stem.isdecimal() or int(path.stem) < first:
                raise AnnotationError(f"{path}: expected a file named by its frame number, such as 00001.txt")
            video = collector.video(videos, path.parent.relative_to(folder).as_posix(), str(path.parent))
            for number, line in enumerate(text_lines(path), 1):
                if line.strip():
                    with collector.entry():
                        where = f"{path}, row {number}"
                        rows.append(_row(line, video, int(path.stem) - first, where))
                        places.append(Place(str(path.parent), where))
    rows, places = named_rows(collector, rows, places, classes)
    with collector.entry():
        add_boxes(collector, rows, places, videos, options, str(folder))
    if not options.classes:
        collector.note(f"class names were taken from {len(classes)} folders, in alphabetical order")
    return collector.annotated(classes)


def _row(line: str, video: str, frame: int, where: str) -> TableRow:
    """Parse a line; the label of the row is the number of its class."""
    fields = line.split()
    if len(fields) != 5:
        raise AnnotationError(f"{where}: expected class x1 y1 x2 y2, got {line.strip()!r}")
    return TableRow(video, frame, parsed_box(fields[1:], where), fields[0], "")
