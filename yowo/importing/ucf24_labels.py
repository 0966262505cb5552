"""The YOWO authors' label files: `labels/<Class>/<video>/00001.txt` with rows class x1 y1 x2 y2."""

from pathlib import Path

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions
from yowo.importing.simple_csv import checked_box
from yowo.projects.table import TableRow, text_lines
from yowo.video.video_folder import VideoFolder


def read_ucf24_labels(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a folder of label files, one per annotated frame.

    Args:
        source: The folder `labels/`, or its parent folder. Class numbers start at 1; the class names are the names of
            the subfolders in alphabetical order.
        videos: The annotated videos, named like the folders.
        options: Uses `classes` and `first_frame` (default 1).

    Raises:
        AnnotationError: A row is invalid; the message names file and row.
    """
    folder = source / "labels" if (source / "labels").is_dir() else source
    files = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not files:
        raise AnnotationError(f"{source}: expected files labels/<Class>/<video>/00001.txt, found none")
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    classes = options.classes or tuple(folders)
    first = 1 if options.first_frame is None else options.first_frame
    rows: list[TableRow] = []
    names: dict[Path, str] = {}
    for path in files:
        if not path.stem.isdecimal() or int(path.stem) < first:
            raise AnnotationError(f"{path}: expected a file named by its frame number, such as 00001.txt")
        if path.parent not in names:
            names[path.parent] = videos.find(path.parent.relative_to(folder).as_posix(), str(path.parent))
        for number, line in enumerate(text_lines(path), 1):
            if line.strip():
                where = f"{path}, row {number}"
                box, label = _line(line, classes, where)
                rows.append(TableRow(names[path.parent], int(path.stem) - first, box, label, ""))
    notes = [] if options.classes else [f"class names were taken from {len(classes)} folders, in alphabetical order"]
    return Annotated(rows, classes, notes)


def _line(line: str, classes: tuple[str, ...], where: str) -> tuple[tuple[float, float, float, float], str]:
    fields = line.split()
    if len(fields) != 5:
        raise AnnotationError(f"{where}: expected class x1 y1 x2 y2, got {line.strip()!r}")
    number = float(fields[0]) if fields[0].replace(".", "", 1).isdecimal() else 0.0
    if not (number.is_integer() and 1 <= number <= len(classes)):
        raise AnnotationError(
            f"{where}: class: expected 1 to {len(classes)}, got {fields[0]}; name the classes with --classes FILE"
        )
    return checked_box(fields[1:], where, has_size=False), classes[int(number) - 1]
