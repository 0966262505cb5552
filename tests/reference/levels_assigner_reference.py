"""Label assignment on several levels, box by box, level by level and anchor by anchor."""

from tests.reference.overlap_reference import overlap


def assign(targets, strides, anchors, predicted, image_size, rule):
    """Positives {(clip, prediction): (box, label)}.

    `targets`: lists of (boxes in pixels, labels); `anchors`: lists of (width, height), one list for each level;
    `predicted`: boxes in pixels, [clip][prediction]; `rule`: anchor_iou, best_anchor or best_prediction.
    """
    height, width = image_size
    found = {}
    for clip, (boxes, labels) in enumerate(targets):
        for box, label in zip(boxes, labels, strict=True):
            w, h = box[2] - box[0], box[3] - box[1]
            if w <= 0 or h <= 0 or (rule == "anchor_iou" and (w < 1 or h < 1)):
                continue
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            if not (0 <= x < width and 0 <= y < height):
                continue
            candidates, scores, start = [], [], 0
            for stride, sizes in zip(strides, anchors, strict=True):
                rows, columns = height // stride, width // stride
                for number, size in enumerate(sizes):
                    prediction = start + (int(y // stride) * columns + int(x // stride)) * len(sizes) + number
                    candidates.append(prediction)
                    by_shape = overlap((0, 0, w, h), (0, 0, *size))
                    scores.append(overlap(predicted[clip][prediction], box) if rule == "best_prediction" else by_shape)
                start += rows * columns * len(sizes)
            best = [candidates[scores.index(max(scores))]]
            alike = [c for c, score in zip(candidates, scores, strict=True) if score > 0.5]
            for prediction in (alike or best) if rule == "anchor_iou" else best:
                found[(clip, prediction)] = (box, label)
    return found
