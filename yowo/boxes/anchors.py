"""The prediction grid: anchors of every cell, and boxes decoded from what the network says about them."""

import torch
from torch import Tensor

from yowo.contracts import STRIDE


def grid_anchors(anchors: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Lay the anchors on every cell of the grid.

    Args:
        anchors: float [A, 2], width and height in pixels of the network's input.
        image_size: Height and width of that input in pixels, multiples of 32.

    Returns:
        float [M, 4], M = H/32 * W/32 * A in row, column, anchor order: x and y of the cell's upper left corner, then
        the anchor's width and height, all in pixels.
    """
    rows, columns = image_size[0] // STRIDE, image_size[1] // STRIDE
    y, x = torch.meshgrid(
        torch.arange(rows, device=anchors.device), torch.arange(columns, device=anchors.device), indexing="ij"
    )
    corner = torch.stack([x, y], dim=-1).to(anchors.dtype) * STRIDE
    count = len(anchors)
    corner = corner.reshape(-1, 1, 2).expand(-1, count, 2)
    return torch.cat([corner, anchors.expand(rows * columns, count, 2)], dim=-1).reshape(-1, 4)


def decode_boxes(deltas: Tensor, anchors: Tensor) -> Tensor:
    """Turn the network's box outputs into boxes (YOLOv2's rule, YOWO-Plus report section 2).

    centre = (sigmoid(t) + cell) * 32, size = exp(t) * anchor.

    Args:
        deltas: float [..., M, 4], tx ty tw th.
        anchors: float [M, 4] from `grid_anchors`.

    Returns:
        float [..., M, 4], x1 y1 x2 y2 in pixels of the network's input, not clipped.
    """
    centre = deltas[..., :2].sigmoid() * STRIDE + anchors[:, :2]
    half = deltas[..., 2:].exp() * anchors[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)
