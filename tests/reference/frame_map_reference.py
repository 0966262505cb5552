"""Frame-mAP of UCF101-24 box by box, from the rules of the published evaluation."""

import math


def overlap(first, second):
    """IoU in inclusive pixels."""
    if first[0] > second[2] or second[0] > first[2] or first[1] > second[3] or second[1] > first[3]:
        return 0.0
    width = min(first[2], second[2]) - max(first[0], second[0]) + 1
    height = min(first[3], second[3]) - max(first[1], second[1]) + 1
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (first, second)]
    return width * height / (sum(areas) - width * height)


def envelope_area(hits, num_truth):
    """Each recall step times the best precision at that recall or beyond."""
    points = []
    found = 0
    for rank, hit in enumerate(hits, start=1):
        found += hit
        points.append((found / num_truth, found / rank))
    area, reached = 0.0, 0.0
    for place, (recall, _) in enumerate(points):
        if recall > reached:
            area += (recall - reached) * max(precision for _, precision in points[place:])
            reached = recall
    return area


def frame_map(detections, truth, num_classes, iou_threshold=0.5, round_boxes=True, annotated=None):
    """AP of each class (NaN without ground truth) and their mean.

    `detections` rows: (frame, label, score, (x1, y1, x2, y2)); `truth` rows: (frame, label, (x1, y1, x2, y2)).
    """
    annotated = {frame for frame, _, _ in truth} if annotated is None else set(annotated)
    aps = []
    for label in range(num_classes):
        wanted = [(frame, box) for frame, other, box in truth if other == label]
        mine = [row for row in detections if row[1] == label and row[0] in annotated]
        taken, hits = set(), []
        for frame, _, _, box in sorted(mine, key=lambda row: (-row[2], row[0])):
            box = [round(value) for value in box] if round_boxes else box
            best, best_overlap = None, 0.0
            for place, (truth_frame, truth_box) in enumerate(wanted):
                if truth_frame == frame and overlap(box, truth_box) > best_overlap:
                    best, best_overlap = place, overlap(box, truth_box)
            hits.append(best is not None and best_overlap >= iou_threshold and best not in taken)
            if hits[-1]:
                taken.add(best)
        aps.append(envelope_area(hits, len(wanted)) if wanted else math.nan)
    known = [ap for ap in aps if not math.isnan(ap)]
    return aps, sum(known) / len(known) if known else math.nan
