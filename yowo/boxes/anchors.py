"""The prediction grid: levels, cell middles, anchors of every cell, and boxes decoded from the network's numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from yowo.contracts import Level


def make_levels(image_size: tuple[int, int], strides: Sequence[int], per_cell: Sequence[int]) -> tuple[Level, ...]:
    """List the grids of a network.

    Args:
        image_size: Height and width of the network's input in pixels, multiples of every stride.
        strides: Stride of each level in pixels, finest (smallest) first.
        per_cell: Predictions per cell of each level.

    Returns:
        One `Level` for each stride.

    Examples:
        >>> make_levels((64, 96), strides=[16, 32], per_cell=[1, 2])
        (Level(stride=16, rows=4, columns=6, per_cell=1), Level(stride=32, rows=2, columns=3, per_cell=2))
    """
    height, width = image_size
    pairs = zip(strides, per_cell, strict=True)
    return tuple(Level(stride, height // stride, width // stride, count) for stride, count in pairs)


def grid_points(levels: Sequence[Level], device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Compute the cell and the stride of every prediction.

    Args:
        levels: The network's grids, finest first.
        device: Where the result is made.

    Returns:
        `points` float32 [M, 2], x and y of the middle of each prediction's cell, and `strides` float32 [M], both in
        pixels of the network's input. Predictions are ordered by level, row, column and anchor.

    Examples:
        >>> points, strides = grid_points(make_levels((32, 64), strides=[32], per_cell=[1]))
        >>> points.tolist(), strides.tolist()
        ([[16.0, 16.0], [48.0, 16.0]], [32.0, 32.0])
    """
    parts = [_level_points(level, device) for level in levels]
    strides = [torch.full((level.predictions,), float(level.stride), device=device) for level in levels]
    return _joined(parts), _joined(strides)


def grid_anchors(anchors: Sequence[Tensor], levels: Sequence[Level]) -> Tensor:
    """Repeat the anchors of every level for all of its cells.

    Args:
        anchors: For each level a float [A, 2], width and height in pixels of the network's input; A is the level's
            `per_cell`.
        levels: The network's grids, finest first.

    Returns:
        float [M, 4], see `anchors` of `yowo.contracts.RawOutput`: x and y of the cell's upper left corner, then the
        anchor's width and height, all in pixels.

    Examples:
        >>> grid_anchors([torch.tensor([[20.0, 40.0]])], make_levels((32, 64), strides=[32], per_cell=[1])).tolist()
        [[0.0, 0.0, 20.0, 40.0], [32.0, 0.0, 20.0, 40.0]]
    """
    parts = []
    for sizes, level in zip(anchors, levels, strict=True):
        corner = _level_points(level, sizes.device) - level.stride / 2
        parts.append(torch.cat([corner.to(sizes.dtype), sizes.repeat(level.rows * level.columns, 1)], dim=1))
    return _joined(parts)


def decode_boxes(deltas: Tensor, anchors: Tensor, strides: Tensor) -> Tensor:
    """Turn the network's box outputs into boxes (YOLOv2's rule, YOWO-Plus report section 2).

    centre = sigmoid(t) * stride + cell corner, size = exp(t) * anchor.

    Args:
        deltas: float [..., M, 4], tx ty tw th.
        anchors: float [M, 4] in pixels, from `grid_anchors`.
        strides: float [M] in pixels, from `grid_points`.

    Returns:
        float [..., M, 4], x1 y1 x2 y2 in pixels of the network's input, not clipped.

    Examples:
        >>> levels = make_levels((32, 64), strides=[32], per_cell=[1])
        >>> _, strides = grid_points(levels)
        >>> decode_boxes(torch.zeros(2, 4), grid_anchors([torch.tensor([[20.0, 8.0]])], levels), strides).tolist()
        [[6.0, 12.0, 26.0, 20.0], [38.0, 12.0, 58.0, 20.0]]
    """
    centre = deltas[..., :2].sigmoid() * strides[:, None] + anchors[:, :2]
    half = deltas[..., 2:].exp() * anchors[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def _level_points(level: Level, device: torch.device | None) -> Tensor:
    """Return float32 [level.predictions, 2], x and y of the middle of each prediction's cell in pixels."""
    y = (torch.arange(level.rows, device=device) + 0.5) * level.stride
    x = (torch.arange(level.columns, device=device) + 0.5) * level.stride
    points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
    return points.reshape(-1, 1, 2).expand(-1, level.per_cell, 2).reshape(-1, 2)


def _joined(parts: list[Tensor]) -> Tensor:
    """Join the levels along the predictions; a single level is returned as it is."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
