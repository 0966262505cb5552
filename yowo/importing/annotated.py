"""What every importer takes and returns."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder


@dataclass(frozen=True)
class ImportOptions:
    """What a user may say about a source.

    Attributes:
        classes: Names of the classes by number, where the source has numbers only; None: the source tells.
        actions: Where CVAT keeps actions: "auto", "labels" or "attributes".
        attributes: Names of the CVAT attributes that are actions; empty: all that can be.
        keep_occluded: Whether boxes that CVAT marks as occluded stay.
        first_frame: Number of a video's first frame in the source; None: as usual for the format.
        start_second: Second that the source calls the beginning of each video (AVA).
    """

    classes: tuple[str, ...] | None = None
    actions: str = "auto"
    attributes: tuple[str, ...] = ()
    keep_occluded: bool = True
    first_frame: int | None = None
    start_second: float = 0.0


class Annotated(NamedTuple):
    """What was read.

    Attributes:
        rows: Boxes in pixels of the videos, videos by the names of `VideoFolder`, frames from 0. An empty `track`: the
            source has none.
        classes: Names of all classes that the source knows, in its own order, those without boxes as well.
        notes: Lines about what was left out or understood in one of several ways.
    """

    rows: list[TableRow]
    classes: tuple[str, ...]
    notes: list[str]


Importer = Callable[[Path, VideoFolder, ImportOptions], Annotated]
"""Reads one source: a file or folder."""
