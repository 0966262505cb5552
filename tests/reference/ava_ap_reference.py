"""AVA's mAP by the rules, written out step by step: slow and obvious."""

import math


def iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (area - width * height)


def mean_ap(detections, truth, classes, official, every_4th, limit=50):
    """Rows are (video, second, box, label, score) in the order of the file; `classes` are the evaluated labels."""
    if every_4th:
        detections = [row for row in detections if row[1] % 4 == 0]
        truth = [row for row in truth if row[1] % 4 == 0]
    known = {row[:2] for row in truth}
    frames = {}
    for row in detections:
        if row[3] in classes and not (official and row[:2] not in known):
            frames.setdefault(row[:2], []).append(row)
    if official:
        for key, rows in frames.items():
            frames[key] = sorted(rows, key=lambda row: -row[4])[:limit]
    by_class = {}
    for label in classes:
        wanted = [row for row in truth if row[3] == label]
        ranking = []
        for key, rows in frames.items():
            here = [row[2] for row in wanted if row[:2] == key]
            used = set()
            for _, _, box, kind, score in rows:
                if kind != label or box[0] >= box[2] or box[1] >= box[3]:
                    continue
                overlaps = [iou(box, other) for other in here]
                best = max(range(len(here)), key=lambda place: (overlaps[place], -place), default=None)
                right = best is not None and overlaps[best] >= 0.5 and best not in used
                if right:
                    used.add(best)
                ranking.append((score, right))
        by_class[label] = average_precision([right for _, right in sorted(ranking, key=lambda r: -r[0])], len(wanted))
    defined = [value for value in by_class.values() if not math.isnan(value)]
    return by_class, sum(defined) / len(defined)


def average_precision(hits, count):
    if not count:
        return math.nan
    points = [(sum(hits[:rank]) / count, sum(hits[:rank]) / rank) for rank in range(1, len(hits) + 1)]
    area, before = 0.0, 0.0
    for place, (recall, _) in enumerate(points):
        area += (recall - before) * max(precision for _, precision in points[place:])
        before = recall
    return area
