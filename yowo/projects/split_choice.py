"""Automatic choice of the validation videos: each class is in both splits, in about the requested proportion."""

from collections.abc import Mapping

import numpy as np

SHARE = 0.2
"""Default share of the boxes that is held out for validation, 0..1."""


def choose_held_out(counts: Mapping[str, Mapping[str, int]], share: float = SHARE, seed: int = 0) -> list[str]:
    """Choose validation videos that hold about `share` of the boxes of each class, and leave training boxes for each.

    Greedy: videos are added one at a time, each time the one that brings the shares of all classes closest to `share`
    (smallest L1 distance), until no further video brings them closer.

    Args:
        counts: Number of boxes by video name and class name.
        share: Share of the boxes to hold out, 0..1.
        seed: Random seed that breaks ties between equally good videos.

    Returns:
        Names of the chosen videos, sorted; empty if fewer than two videos have boxes.

    Examples:
        >>> counts = {"a": {"run": 70, "jump": 30}, "b": {"run": 10, "jump": 50}, "c": {"run": 20, "jump": 20}}
        >>> choose_held_out(counts, share=0.2)
        ['c']
    """
    names = [name for name in sorted(counts) if sum(counts[name].values())]
    if len(names) < 2 or share <= 0:
        return []
    classes = sorted({label for found in counts.values() for label in found})
    boxes = np.array([[counts[name].get(label, 0) for label in classes] for name in names], dtype=np.float64)
    boxes = boxes[:, boxes.sum(axis=0) > 0]
    shares = boxes / boxes.sum(axis=0)
    order = np.random.default_rng(seed).permutation(len(names))
    names, shares = [names[place] for place in order], shares[order]
    taken = np.zeros(len(names), dtype=np.bool_)
    held = np.zeros(shares.shape[1])
    holders = (shares > 0).sum(axis=0)
    while True:
        last_ones = ((shares > 0) & (holders <= 1)).any(axis=1)
        free = ~taken & ~last_ones
        distance = np.abs(held + shares - share).sum(axis=1)
        distance[~free] = np.inf
        best = int(distance.argmin())
        if not free.any() or (taken.any() and distance[best] >= np.abs(held - share).sum()):
            break
        taken[best] = True
        held += shares[best]
        holders -= shares[best] > 0
    if not taken.any():  # each video is the only one with some class, so some class must go without training boxes
        taken[int(np.abs(shares - share).sum(axis=1).argmin())] = True
    return sorted(name for name, held_out in zip(names, taken, strict=True) if held_out)
