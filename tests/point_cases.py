"""Made-up raw output of a network with points on three levels, and targets for it."""

import torch

from yowo.boxes.anchors import grid_points, make_levels

SIZE = (64, 96)


def raw_of(seed=0, classes=3, clips=2, confidence=True):
    """Random scores, and boxes around points, on levels of stride 8, 16 and 32."""
    random = torch.Generator().manual_seed(seed)
    levels = make_levels(SIZE, (8, 16, 32), [1, 1, 1])
    points, strides = grid_points(levels, torch.device("cpu"))
    away = (torch.rand(clips, len(points), 4, generator=random) * 3 + 0.5) * strides[:, None]
    boxes = torch.cat([points - away[..., :2], points + away[..., 2:]], dim=-1)
    cls = torch.randn(clips, len(points), classes, generator=random)
    raw = {"cls": cls, "boxes": boxes, "points": points, "strides": strides, "levels": levels, "image_size": SIZE}
    return raw | ({"conf": torch.randn(clips, len(points), 1, generator=random)} if confidence else {})


def target(*rows, hot=None):
    """Boxes 0..1 and a class in each row; `hot`: number of classes of multi-hot labels, the class -1 being none."""
    labels = torch.tensor([int(row[4]) for row in rows], dtype=torch.int64)
    if hot is not None:
        labels = (labels[:, None] == torch.arange(hot)).float()
    return {"boxes": torch.tensor([row[:4] for row in rows]).reshape(-1, 4), "labels": labels}
