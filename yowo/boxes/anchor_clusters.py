"""Anchors from a data set's own boxes: k-means with 1 - IoU as the distance (YOLO9000, section 2)."""

import numpy as np
from numpy.typing import NDArray

MOST_BOXES = 20_000
"""More boxes are sampled down to this many, at random."""
RESTARTS, MOST_ROUNDS, CANDIDATES = 8, 100, 32


def cluster_anchors(sizes: NDArray[np.float64], count: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Find the widths and heights that overlap best with those of given boxes.

    IoU is that of boxes with one corner in common. It does not change when all widths, or all heights, are scaled, so
    fractions of the picture serve as well as pixels.

    Args:
        sizes: float64 [N, 2], width and height of each box, above 0, in any unit.
        count: A, anchors wanted. Where there are fewer different boxes, there are fewer anchors.
        seed: Of the first guesses and of sampling.

    Returns:
        float64 [A, 2], in the unit of `sizes`, by rising area.
    """
    random = np.random.default_rng(seed)
    if len(sizes) > MOST_BOXES:
        sizes = sizes[random.choice(len(sizes), MOST_BOXES, replace=False)]
    different, weight = np.unique(sizes, axis=0, return_counts=True)
    if len(different) <= count:
        found = different
    else:
        tries = [_k_means(different, weight, count, random) for _ in range(RESTARTS)]
        found = max(tries, key=lambda anchors: float(np.average(_iou(different, anchors).max(axis=1), weights=weight)))
    return found[np.lexsort((found[:, 0], found.prod(axis=1)))]


def mean_best_iou(sizes: NDArray[np.float64], anchors: NDArray[np.float64]) -> float:
    """Return the mean over boxes [N, 2] of the IoU with the best of the anchors [A, 2], 0..1."""
    return float(_iou(sizes, anchors).max(axis=1).mean())


def _iou(sizes: NDArray[np.float64], anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the IoU of each box [N, 2] with each anchor [A, 2], one corner in common: [N, A]."""
    shared = np.minimum(sizes[:, None], anchors).prod(axis=2)
    return np.asarray(shared / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1) - shared), dtype=np.float64)


def _k_means(
    sizes: NDArray[np.float64], weight: NDArray[np.int64], count: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Cluster different sizes [N, 2], each standing for `weight` boxes: one try, from a k-means++ start."""
    chosen = [int(random.choice(len(sizes), p=weight / weight.sum()))]
    while len(chosen) < count:
        far = weight * (1 - _iou(sizes, sizes[chosen]).max(axis=1)) ** 2
        far[chosen] = 0
        chosen.append(int(random.choice(len(sizes), p=far / far.sum())))
    anchors, owner = sizes[chosen], np.full(len(sizes), -1)
    for _ in range(MOST_ROUNDS):
        nearest = _iou(sizes, anchors).argmax(axis=1)
        if (nearest == owner).all():
            break
        owner = nearest
        anchors = np.array([_centre(sizes[owner == k], weight[owner == k], anchors[k], random) for k in range(count)])
    return anchors


def _centre(
    sizes: NDArray[np.float64], weight: NDArray[np.int64], now: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Return what overlaps best with a cluster's boxes: their mean, one of them, or the centre as it is.

    The mean alone minimises squared distances, not 1 - IoU, and may lie between two groups where no box is.
    """
    if not len(sizes):
        return now
    some = sizes[random.choice(len(sizes), min(len(sizes), CANDIDATES), replace=False)]
    candidates = np.concatenate([now[None], np.average(sizes, axis=0, weights=weight)[None], some])
    return np.asarray(candidates[(weight @ _iou(sizes, candidates)).argmax()])
