"""Which videos to hold out, where nobody says: all classes on both sides, in about the wanted share."""

from collections.abc import Mapping

import numpy as np

SHARE = 0.2
"""Of the boxes that are held out."""


def choose_held_out(counts: Mapping[str, Mapping[str, int]], share: float = SHARE, seed: int = 0) -> list[str]:
    """Choose videos whose boxes are about `share` of each class's, and which leave each class some to train on.

    Videos are added one by one, each time the one that brings the shares of the classes nearest to the wanted one.

    Args:
        counts: Boxes of each class in each video, by names.
        share: 0..1.
        seed: Decides between videos that serve alike.

    Returns:
        Names, sorted; none where fewer than two videos have boxes.
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
    if not taken.any():  # every video is the only one of some class: what is held out leaves a class to nothing
        taken[int(np.abs(shares - share).sum(axis=1).argmin())] = True
    return sorted(name for name, held_out in zip(names, taken, strict=True) if held_out)
