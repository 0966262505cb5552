"""Box formats that only tests need."""

import torch


def cxcywh_to_xyxy(boxes):
    """Corners [..., 4] x1 y1 x2 y2 of boxes [..., 4] given as centre x, centre y, width, height; any unit."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)
