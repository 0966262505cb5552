"""The YOWO authors' label files: `labels/<Class>/<video>/00001.txt` with rows class x1 y1 x2 y2."""

from pathlib import Path

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.box_numbers import add_boxes
from yowo.importing.class_numbers import named_rows
from yowo.importing.collecting import Collector, parsed_box
from yowo.importing.picture_frames import PictureFrames, placed_rows
from yowo.projects.table import TableRow, text_lines
from yowo.video.video_folder import VideoFolder


def read_ucf24_labels(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a folder of label files, one per annotated frame.

    Args:
        source: The folder `labels/`, or its parent folder. Class numbers start at 1, or at 0 if one of them is 0; the
            class names are the names of the subfolders in alphabetical order.
        videos: The annotated videos, named like the folders. Pictures are found by their names, gaps and all.
        options: Uses `classes`, `first_frame` (default 1, or 0 if a file has that number), `boxes` (default corners)
            and `units`.

    Raises:
        AnnotationError: Rows are damaged; the message names file and rows.
    """
    folder = source / "labels" if (source / "labels").is_dir() else source
    files = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not files:
        raise AnnotationError(f"{source}: expected files labels/<Class>/<video>/00001.txt, found none")
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    classes = options.classes or tuple(folders)
    collector = Collector()
    frames = PictureFrames(videos, options.first_frame, collector)
    rows: list[TableRow] = []
    places: list[Place] = []
    owners: list[Path] = []
    for path in files:
        with collector.entry():
            video = _video(path, folder, videos, collector)
            if video not in videos.pictures and not path.stem.isdecimal():
                raise AnnotationError(f"{path}: expected a file named by its frame number, such as 00001.txt")
            frames.add(path, f"{video}/{path.stem}", str(path))
            for number, line in enumerate(text_lines(path), 1):
                if line.strip():
                    with collector.entry():
                        where = f"{path}, row {number}"
                        rows.append(_row(line, video, where))
                        places.append(Place(str(path.parent), where))
                        owners.append(path)
    rows, places = placed_rows(collector, rows, places, owners, frames, str(folder))
    rows, places = named_rows(collector, rows, places, classes)
    with collector.entry():
        add_boxes(collector, rows, places, videos, options, str(folder))
    if not options.classes:
        collector.note(f"class names were taken from {len(classes)} folders, in alphabetical order")
    return collector.annotated(classes)


def _video(path: Path, folder: Path, videos: VideoFolder, collector: Collector) -> str:
    """Return the video of a label file: it is named like the file's folder, or the only one."""
    named = path.parent.relative_to(folder).as_posix()
    if named == "." and len(videos.paths) == 1:
        return next(iter(videos.paths))
    return collector.video(videos, named, str(path.parent))


def _row(line: str, video: str, where: str) -> TableRow:
    """Parse a line; the label of the row is the number of its class."""
    fields = line.split()
    if len(fields) != 5:
        raise AnnotationError(f"{where}: expected class x1 y1 x2 y2, got {line.strip()!r}")
    return TableRow(video, 0, parsed_box(fields[1:], where), fields[0], "")
