"""Tracks for boxes whose source has none: boxes of a class that overlap from frame to frame are one person."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from yowo.boxes.array_iou import pair_iou
from yowo.projects.table import TableRow

LEAST_IOU = 0.3
GAP = 5
"""Annotated frames that a person may be missing from and still be the same."""


def link_tracks(rows: Sequence[TableRow]) -> list[TableRow]:
    """Give a track to the rows that have none.

    Boxes of a video and class are matched from each annotated frame to the next so that the overlaps add up to the most
    (Hungarian method), those that overlap by 0.3 or more. Boxes that are equal are one person, whatever the class.

    Args:
        rows: In any order.

    Returns:
        All rows in their order; new tracks are called "auto0", "auto1", ... in each video.
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
    """Chain rows of a video and class; returns their places."""
    by_frame: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by_frame[row.frame].append(place)
    frames = sorted(by_frame)
    steps = sorted(after - before for before, after in pairwise(frames))
    reach = GAP * steps[len(steps) // 2] if steps else 0
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
