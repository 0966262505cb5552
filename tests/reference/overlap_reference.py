"""IoU of two boxes, written out."""


def overlap(first, second):
    """IoU of two boxes of x1, y1, x2, y2."""
    w = max(0.0, min(first[2], second[2]) - max(first[0], second[0]))
    h = max(0.0, min(first[3], second[3]) - max(first[1], second[1]))
    area = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1])
    return w * h / (area - w * h)
