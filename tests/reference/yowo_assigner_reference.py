"""The original YOWO's assignment, box by box, and the report's wording of it."""

from tests.reference.overlap_reference import overlap


def cell_of(box, image_size):
    """Column and row of a box's centre, None off the picture."""
    height, width = image_size
    column, row = int((box[0] + box[2]) / 2 // 32), int((box[1] + box[3]) / 2 // 32)
    return (column, row) if 0 <= column < width // 32 and 0 <= row < height // 32 else None


def assign(targets, anchors, predicted, image_size, by_prediction, threshold):
    """Positives {(clip, prediction): (box, label)} and ignored {(clip, prediction)}.

    `targets`: lists of (boxes in pixels, labels); `predicted`: boxes in pixels, [clip][prediction].
    """
    columns, count = image_size[1] // 32, len(anchors)
    found, near = {}, set()
    for clip, (boxes, labels) in enumerate(targets):
        for box, label in zip(boxes, labels, strict=True):
            w, h = box[2] - box[0], box[3] - box[1]
            near |= {(clip, m) for m, p in enumerate(predicted[clip]) if threshold and overlap(p, box) > threshold}
            cell = cell_of(box, image_size)
            if cell is None:
                continue
            first = (cell[1] * columns + cell[0]) * count
            scores = [
                overlap(predicted[clip][first + a], box)
                if by_prediction
                else overlap((0, 0, w, h), (0, 0, *anchors[a]))
                for a in range(count)
            ]
            found[(clip, first + scores.index(max(scores)))] = (box, label)
    return found, near - set(found)
