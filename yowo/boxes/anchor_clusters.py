"""Anchors from a data set's own boxes: k-means with 1 - IoU as the distance (YOLO9000, section 2)."""

import numpy as np
from numpy.typing import NDArray

MOST_BOXES = 20_000
"""Of more boxes, this many are taken at random."""
RESTARTS, MOST_ROUNDS, CANDIDATES = 8, 100, 32
"""Starts of k-means, most rounds of one start, and boxes of a cluster that are tried as its centre."""


def cluster_anchors(sizes: NDArray[np.float64], count: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Find the widths and heights that overlap best with those of the given boxes.

    Boxes and anchors are compared by the IoU of their widths and heights, as if both had the same corner. It does not
    change when all widths, or all heights, are scaled, so the unit can be fractions of the picture or pixels.

    Args:
        sizes: float64 [N, 2], width and height of each box, above 0, in any unit.
        count: A, number of anchors. There are never more anchors than different boxes.
        seed: For the random starts and the sampling.

    Returns:
        float64 [A, 2], in the unit of `sizes`, smallest area first.

    Examples:
        >>> cluster_anchors(np.array([[0.1, 0.2], [0.1, 0.2], [0.5, 0.6]]), count=2)
        array([[0.1, 0.2],
               [0.5, 0.6]])
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
    """Compute how well anchors fit boxes.

    Args:
        sizes: float64 [N, 2], width and height of each box, above 0, in any unit.
        anchors: float64 [A, 2], the same unit.

    Returns:
        Mean over the boxes of the IoU with the best anchor, 0..1.
    """
    return float(_iou(sizes, anchors).max(axis=1).mean())


def _iou(sizes: NDArray[np.float64], anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the IoU [N, A] of each box [N, 2] with each anchor [A, 2], as if both had the same corner."""
    shared = np.minimum(sizes[:, None], anchors).prod(axis=2)
    return np.asarray(shared / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1) - shared), dtype=np.float64)


def _k_means(
    sizes: NDArray[np.float64], weight: NDArray[np.int64], count: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Cluster different sizes [N, 2], which `weight` [N] boxes have, from one k-means++ start; returns [count, 2]."""
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
    """Return the new centre [2] of a cluster: its boxes' mean, one of them, or `now`, whichever overlaps best.

    The mean alone minimises squared distances, not 1 - IoU, and can lie between two groups where no box is.
    """
    if not len(sizes):
        return now
    some = sizes[random.choice(len(sizes), min(len(sizes), CANDIDATES), replace=False)]
    candidates = np.concatenate([now[None], np.average(sizes, axis=0, weights=weight)[None], some])
    return np.asarray(candidates[(weight @ _iou(sizes, candidates)).argmax()])
