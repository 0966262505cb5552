"""Candidates for label assignment: the predictions in the cells that contain the middle of a box, on every level."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.contracts import Level, RawOutput, Target
from yowo.errors import ConfigError


@dataclass(frozen=True)
class FlatTargets:
    """The boxes of all clips of a batch in one list, in float64 so that the cell of a box is not changed by rounding.

    Attributes:
        clip: int64 [T], clip of each box.
        boxes_xyxy: float64 [T, 4], x1 y1 x2 y2 in pixels of the network's input.
        labels: int64 [T] or float32 [T, C].
    """

    clip: Tensor
    boxes_xyxy: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Candidates:
    """The predictions that can be responsible for each box.

    On every level they are those of the cell that contains the middle of the box; their number Q is the sum of the
    levels' `per_cell`, in the order of levels and anchors.

    Attributes:
        prediction: int64 [T, Q], index of each candidate in the M predictions of the box's clip; 0 where not `inside`.
        inside: bool [T, Q], False where the middle of the box is outside the level's grid.
    """

    prediction: Tensor
    inside: Tensor


def find_candidates(boxes_xyxy: Tensor, levels: tuple[Level, ...]) -> Candidates:
    """Find the candidates of boxes.

    Args:
        boxes_xyxy: float [T, 4], x1 y1 x2 y2 in pixels of the network's input.
        levels: The network's grids, in the order of its predictions.

    Returns:
        The candidates of each box.

    Examples:
        >>> levels = (Level(16, 4, 4, per_cell=1), Level(32, 2, 2, per_cell=2))
        >>> find_candidates(torch.tensor([[30.0, 10, 50, 20]]), levels).prediction
        tensor([[ 2, 18, 19]])
    """
    middle = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) * 0.5
    predictions, insides, start = [], [], 0
    for level in levels:
        column, row = (middle / level.stride).floor().long().unbind(dim=1)
        inside = (column >= 0) & (column < level.columns) & (row >= 0) & (row < level.rows)
        first = start + (row * level.columns + column) * level.per_cell
        prediction = first[:, None] + torch.arange(level.per_cell, device=first.device)
        predictions.append(torch.where(inside[:, None], prediction, 0))
        insides.append(inside[:, None].expand(-1, level.per_cell))
        start += level.predictions
    return Candidates(torch.cat(predictions, dim=1), torch.cat(insides, dim=1))


def candidate_shapes(raw: RawOutput) -> Tensor:
    """Return the widths and heights of the candidates' anchors, which are the same for every box.

    Args:
        raw: The network's output; only `anchors` and `levels` are used.

    Returns:
        float64 [Q, 2], pixels of the network's input, in the order of `Candidates`.

    Raises:
        ConfigError: The network has no anchors.
    """
    if "anchors" not in raw:
        raise ConfigError(
            "assigner: it compares boxes with anchors, and this network has none; use assigner=best_prediction"
        )
    shapes, start = [], 0
    for level in raw["levels"]:
        shapes.append(raw["anchors"][start : start + level.per_cell, 2:])
        start += level.predictions
    return torch.cat(shapes).to(torch.float64)


def flatten_targets(
    targets: list[Target],
    image_size: tuple[int, int],
    device: torch.device,
    min_side: float | None = 1.0,
    max_boxes: int | None = None,
) -> FlatTargets:
    """Join the targets of a batch, without boxes that are too small.

    Args:
        targets: B targets, boxes [N, 4] 0..1; B may be 0.
        image_size: Height and width of the network's input in pixels.
        device: Where the losses are computed.
        min_side: Boxes with a width or height below it are dropped, in pixels, and empty ones; None keeps all.
        max_boxes: Only the first so many boxes of each clip are taken; None takes all.

    Returns:
        The boxes that are left, in the order of clips and boxes.
    """
    height, width = image_size
    taken = [Target(boxes=t["boxes"].reshape(-1, 4)[:max_boxes], labels=t["labels"][:max_boxes]) for t in targets]
    counts = torch.tensor([len(t["boxes"]) for t in taken], dtype=torch.int64, device=device)
    boxes = torch.cat([t["boxes"] for t in taken] or [torch.zeros(0, 4)]).to(device, torch.float64)
    filled = [t["labels"] for t in taken if len(t["boxes"])]
    labels = torch.cat(filled).to(device) if filled else torch.zeros(0, dtype=torch.int64, device=device)
    boxes = boxes * boxes.new_tensor([width, height, width, height])
    sides = boxes[:, 2:] - boxes[:, :2]
    clip = torch.repeat_interleave(torch.arange(len(taken), device=device), counts)
    if min_side is None:
        return FlatTargets(clip, boxes, labels)
    large = ((sides >= min_side) & (sides > 0)).all(dim=1)
    return FlatTargets(clip[large], boxes[large], labels[large])


def label_sums(values: Tensor, flat: FlatTargets) -> Tensor:
    """Sum values over the classes of each box's label, by one product of matrices for each clip.

    Args:
        values: float [B, M, C], for each prediction and class.
        flat: The T boxes of all clips, those of a clip one after the other.

    Returns:
        float [T, M], for each box its clip's predictions.

    Examples:
        >>> flat = FlatTargets(torch.tensor([0, 1]), torch.zeros(2, 4), torch.tensor([[1.0, 1.0], [0.0, 1.0]]))
        >>> label_sums(torch.tensor([[[2.0, 3.0]], [[5.0, 7.0]]]), flat)
        tensor([[5.],
                [7.]])
    """
    if not len(flat.clip):
        return values.new_zeros(0, values.shape[1])
    labels = label_rows(flat, values.shape[2]).to(values)
    counts = torch.bincount(flat.clip, minlength=len(values))
    place = torch.arange(len(flat.clip), device=values.device) - (counts.cumsum(0) - counts)[flat.clip]
    table = values.new_zeros(len(values), int(counts.max()), values.shape[2])
    table[flat.clip, place] = labels
    return torch.bmm(table, values.transpose(1, 2))[flat.clip, place]


def label_rows(flat: FlatTargets, classes: int) -> Tensor:
    """Return the labels of T boxes as float32 [T, C], zeros and ones."""
    return (flat.labels if flat.labels.ndim == 2 else F.one_hot(flat.labels, classes)).float()
