"""The arguments and the result of every importer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import.

    Attributes:
        classes: Class names in the order of their numbers, for sources that contain numbers only; None to take the
            names from the source.
        actions: Where actions are stored in CVAT: "auto", "labels" or "attributes".
        attributes: Names of the CVAT attributes that are actions; empty for all checkboxes and lists.
        keep_occluded: Whether to keep boxes that are marked as occluded in CVAT.
        first_frame: Number of a video's first frame in the source; None for the default of the format.
        start_second: Timestamp in seconds of the start of each video in the source (AVA).
        boxes: What the four numbers of a box are in tables: "xyxy" (corners), "xywh" (top left corner and size) or
            "cxcywh" (centre and size); None for the default of the format.
        units: "pixels" or "fractions" of the picture in tables; None to decide by the numbers.
        min_score: Lowest score of the rows to keep, for tables with scores.
        together: All sources that are imported together, for what is decided by all of them; empty if there is one.
    """

    classes: tuple[str, ...] | None = None
    actions: str = "auto"
    attributes: tuple[str, ...] = ()
    keep_occluded: bool = True
    first_frame: int | None = None
    start_second: float = 0.0
    boxes: str | None = None
    units: str | None = None
    min_score: float | None = None
    together: tuple[Path, ...] = ()


class Place(NamedTuple):
    """Where a row comes from.

    Attributes:
        document: Name of what was annotated as a whole: a file, or a task in a file.
        entry: File and row, as they begin a message: "boxes.csv, row 3".
    """

    document: str
    entry: str


class Annotated(NamedTuple):
    """The annotations of a source.

    Attributes:
        rows: Boxes in pixels, frames from 0, videos named as in `VideoFolder`. `track` is empty if the source has no
            tracks.
        classes: Names of all classes of the source in its order, including classes without boxes.
        notes: Messages about skipped annotations and about assumptions that were made.
        places: Where each row comes from, in the order of `rows`; empty if the importer does not say.
    """

    rows: list[TableRow]
    classes: tuple[str, ...]
    notes: list[str]
    places: Sequence[Place] = ()


Importer = Callable[[Path, VideoFolder, ImportOptions], Annotated]
"""A function that reads one source, a file or folder."""
