"""The arguments and the result of every importer."""

from collections.abc import Callable
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
    """

    classes: tuple[str, ...] | None = None
    actions: str = "auto"
    attributes: tuple[str, ...] = ()
    keep_occluded: bool = True
    first_frame: int | None = None
    start_second: float = 0.0


class Annotated(NamedTuple):
    """The annotations of a source.

    Attributes:
        rows: Boxes in pixels, frames from 0, videos named as in `VideoFolder`. `track` is empty if the source has no
            tracks.
        classes: Names of all classes of the source in its order, including classes without boxes.
        notes: Messages about skipped annotations and about assumptions that were made.
    """

    rows: list[TableRow]
    classes: tuple[str, ...]
    notes: list[str]


Importer = Callable[[Path, VideoFolder, ImportOptions], Annotated]
"""A function that reads one source, a file or folder."""
