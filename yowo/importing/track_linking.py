"""Link boxes without track ids to tracks: boxes of a class that overlap on consecutive annotated frames."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from yowo.boxes.array_iou import pair_iou
from yowo.projects.table import TableRow

LEAST_IOU = 0.3
"""Smallest IoU of two consecutive boxes of a track."""
GAP = 5
"""Largest distance between two boxes of a track, in steps between annotated frames."""


def link_tracks(rows: Sequence[TableRow]) -> list[TableRow]:
    """Assign a track to the rows that have none.

    The boxes of a video and class are matched between consecutive annotated frames such that the sum of their IoUs is
    largest (Hungarian method), counting only pairs with an IoU of at least 0.3. Equal boxes of different classes
    belong to the same person and get the same track.

    Args:
        rows: Rows in any order, boxes in pixels.

    Returns:
        All rows in the same order; new tracks are named "auto0", "auto1", ... in each video.

    Examples:
        >>> near, next_to_it, far = (10.0, 10.0, 30.0, 30.0), (12.0, 10.0, 32.0, 30.0), (70.0, 10.0, 90.0, 30.0)
        >>> rows = [TableRow("clip", 0, near, "run", ""), TableRow("clip", 1, next_to_it, "run", "")]
        >>> rows.append(TableRow("clip", 1, far, "run", ""))
        >>> [row.track for row in link_tracks(rows)]
        ['auto0', 'auto0', 'auto1']
    """
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if not row.track:
            groups[row.video, row.label].append(place)
    tracks = [row.track for row in rows]
    numbers: Counter[str] = Counter()
    persons: dict[tuple[str, int, tuple[float, ...]], str] = {}
    for (video, _), places in groups.items():
        for chain in _chains([rows[place] for place in places]):
            known = [persons.get((video, rows[places[i]].frame, rows[places[i]].box)) for i in chain]
            name = known[0] if known[0] is not None and set(known) == {known[0]} else f"auto{numbers[video]}"
            numbers[video] += name == f"auto{numbers[video]}"
            for index in chain:
                row = rows[places[index]]
                persons.setdefault((video, row.frame, row.box), name)
                tracks[places[index]] = name
    return [row if row.track else row._replace(track=track) for row, track in zip(rows, tracks, strict=True)]


def _chains(rows: Sequence[TableRow]) -> list[list[int]]:
    """Link rows of one video and class; return the row indices of each track in frame order."""
    by_frame: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_frame[row.frame].append(place)
    frames = sorted(by_frame)
    steps = sorted(after - before for before, after in pairwise(frames))
    reach = GAP * steps[len(steps) // 2] if steps else 0
    from scipy.optimize import linear_sum_assignment  # takes longer to load than everything else of an import

    chains: list[list[int]] = []
    alive: list[int] = []
    for frame in frames:
        alive = [chain for chain in alive if frame - rows[chains[chain][-1]].frame <= reach]
        places = by_frame[frame]
        last = np.array([rows[chains[chain][-1]].box for chain in alive]).reshape(-1, 4)
        overlap = pair_iou(last[:, None], np.array([rows[place].box for place in places]))
        overlap[overlap < LEAST_IOU] = 0
        matched = {}
        if overlap.any():
            matched = {
                column: alive[line]
                for line, column in zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
                if overlap[line, column] > 0
            }
        for column, place in enumerate(places):
            if column in matched:
                chains[matched[column]].append(place)
            else:
                alive.append(len(chains))
                chains.append([place])
    return chains
