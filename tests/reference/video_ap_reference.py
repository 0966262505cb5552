"""Video AP by the rules, written out step by step: slow and obvious."""


def box_iou(a, b):
    width = max(0.0, min(a[2], b[2]) + 1 - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) + 1 - max(a[1], b[1]))
    area = (a[2] - a[0] + 1) * (a[3] - a[1] + 1) + (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
    return width * height / (area - width * height)


def tube_iou(first, second):
    """Tubes are dicts frame -> box."""
    common = sorted(set(first) & set(second))
    if len(common) < 2:
        return 0.0
    spanned = max(*first, *second) - min(*first, *second) + 1
    return sum(box_iou(first[f], second[f]) for f in common) / len(common) * len(common) / spanned


def video_ap(found, truth, threshold):
    """`found`: (video, tube, score) in order; `truth`: (video, tube). Returns the AP of one class, not rounded."""
    free = list(truth)
    hits = []
    for video, tube, _ in sorted(found, key=lambda row: -row[2]):
        rivals = [(tube_iou(tube, other), place) for place, (name, other) in enumerate(free) if name == video]
        best = max(rivals, key=lambda pair: (pair[0], -pair[1]), default=(0.0, -1))
        hits.append(bool(rivals) and best[0] >= threshold)
        if hits[-1]:
            del free[best[1]]
    points = []
    for rank in range(1, len(hits) + 1):
        right = sum(hits[:rank])
        points.append((right / (len(truth) + 1e-5), right / rank))
    area, before = 0.0, 0.0
    for place, (recall, _) in enumerate(points):
        area += (recall - before) * max(precision for _, precision in points[place:])
        before = recall
    return area
