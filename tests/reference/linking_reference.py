"""The linker of the published video-mAP, box by box: slow and obvious."""

import numpy as np


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return np.float32(0)
    shared = width * height
    return np.float32(shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared))


def link(frames, boxes, scores, most=3):
    """`frames` lists the rows of each frame; returns the paths as lists of rows, in the order they are found."""
    occupied = [place for place, rows in enumerate(frames) if rows]
    if not occupied:
        return []
    left = [list(frames[min(occupied, key=lambda other: (abs(other - place), other))]) for place in range(len(frames))]
    paths = []
    while len(paths) < most and all(left):
        best = [np.float32(0)] * len(left[-1])
        choices = []
        for place in range(len(left) - 2, -1, -1):
            sums, chosen = [], []
            for row in left[place]:
                totals = [
                    np.float32(
                        np.float32(overlap(boxes[row], boxes[other]) + (scores[row] + scores[other]))
                        + np.float32(0.5) * (scores[row] * scores[other])
                    )
                    + best[rank]
                    for rank, other in enumerate(left[place + 1])
                ]
                chosen.append(int(np.argmax(totals)))
                sums.append(totals[chosen[-1]])
            best = sums
            choices.insert(0, chosen)
        rank = int(np.argmax(best))
        path = [left[0][rank]]
        ranks = [rank]
        for place, chosen in enumerate(choices):
            rank = chosen[rank]
            ranks.append(rank)
            path.append(left[place + 1][rank])
        for rows, rank in zip(left, ranks, strict=True):
            del rows[rank]
        paths.append(path)
    return paths
