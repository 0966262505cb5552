"""YOWO-Plus's assignment, box by box and anchor by anchor."""


def assign(targets, anchors, image_size):
    """Positives as {(clip, prediction): (box in pixels, label)} from lists of (boxes 0..1, labels)."""
    height, width = image_size
    rows, columns = height // 32, width // 32
    found = {}
    for clip, (boxes, labels) in enumerate(targets):
        for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
            box = (x1 * width, y1 * height, x2 * width, y2 * height)
            w, h = box[2] - box[0], box[3] - box[1]
            if w < 1 or h < 1:
                continue
            overlaps = []
            for aw, ah in anchors:
                shared = min(w, aw) * min(h, ah)
                overlaps.append(shared / (w * h + aw * ah - shared))
            chosen = [a for a, o in enumerate(overlaps) if o > 0.5] or [overlaps.index(max(overlaps))]
            column, row = int((box[0] + box[2]) / 2 // 32), int((box[1] + box[3]) / 2 // 32)
            if not (0 <= column < columns and 0 <= row < rows):
                continue
            for anchor in chosen:
                found[(clip, (row * columns + column) * len(anchors) + anchor)] = (box, label)
    return found
