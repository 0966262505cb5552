"""Tells numbers of rows, or of boxes within a frame, from numbers of people."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from yowo.boxes.array_iou import pair_iou
from yowo.importing.annotated import Annotated
from yowo.importing.fitting import places_of
from yowo.importing.track_linking import link_tracks
from yowo.projects.table import TableRow

BROKEN = 0.2
"""Share of steps without overlap from which on numbers that count the boxes of each frame are no people."""

LEAST_LINKED = 0.8
"""Steps that linking by overlap must find for that, as a share of those of the given numbers."""


class _Steps(NamedTuple):
    """Number of steps from a box of a track to its next one, and how many of them are between boxes apart."""

    taken: int
    apart: int


def without_row_numbers(read: Annotated) -> Annotated:
    """Drop the tracks of a source that are none; `link_tracks` later joins the boxes by their overlap.

    These are numbers of rows or annotations, none of which has a second frame although boxes do go on, and numbers
    that count the boxes of each frame anew and jump between people, who could be followed by overlap.

    Args:
        read: The annotations of one source.

    Returns:
        The annotations, without tracks and with a note if they were none.
    """
    tracked = [row for row in read.rows if row.track]
    if not tracked:
        return read
    given = _steps(tracked)
    if given.taken and not (given.apart >= BROKEN * given.taken and _count_boxes(tracked)):
        return read
    bare = [row._replace(track="") for row in read.rows]
    linked = _steps(link_tracks(bare))
    better = 10 * linked.apart <= given.apart and linked.taken >= LEAST_LINKED * given.taken
    if not linked.taken or not (better or not given.taken):
        return read
    first = next(place.entry for row, place in zip(read.rows, places_of(read), strict=True) if row.track)
    names = len({(row.video, row.track) for row in tracked})
    reason = (
        f"numbers of boxes within a frame, since they jump between people on {given.apart} of {given.taken} frames"
        if given.taken
        else f"numbers of rows, since none of {names} has a second frame"
    )
    note = f"tracks were taken for {reason} (the first: {first}): boxes were joined to tracks by their overlap"
    return read._replace(rows=bare, notes=[*read.notes, note])


def _steps(rows: Sequence[TableRow]) -> _Steps:
    tracks: dict[tuple[str, str], dict[int, tuple[float, ...]]] = defaultdict(dict)
    for row in rows:
        tracks[row.video, row.track].setdefault(row.frame, row.box)
    pairs = [(boxes[a], boxes[b]) for boxes in tracks.values() for a, b in pairwise(sorted(boxes))]
    if not pairs:
        return _Steps(0, 0)
    ends = np.array(pairs)
    return _Steps(len(pairs), int((pair_iou(ends[:, 0], ends[:, 1]) == 0).sum()))


def _count_boxes(rows: Sequence[TableRow]) -> bool:
    """Tell whether the tracks of each frame are 0, 1, ... or 1, 2, ..., and some frame has two."""
    frames: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows:
        frames[row.video, row.frame].add(row.track)
    most = max(map(len, frames.values()))
    return most > 1 and any(
        all(found == {str(number) for number in range(first, first + len(found))} for found in frames.values())
        for first in (0, 1)
    )
