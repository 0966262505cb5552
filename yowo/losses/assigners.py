"""Label assignment: which predictions answer for which ground-truth box."""

from dataclasses import dataclass

import torch
from torch import Tensor

from yowo.boxes.geometry import shape_iou
from yowo.contracts import STRIDE, RawOutput, Target


@dataclass(frozen=True)
class Assignment:
    """The positives of a batch, in the order of clip and prediction.

    Attributes:
        clip: int64 [P], clip of each positive.
        prediction: int64 [P], its index into the M predictions of the clip.
        boxes_xyxy: float32 [P, 4], target box in pixels of the network's input.
        labels: int64 [P] or float32 [P, C].
    """

    clip: Tensor
    prediction: Tensor
    boxes_xyxy: Tensor
    labels: Tensor


@dataclass(frozen=True)
class FlatTargets:
    """The boxes of a whole batch in one row, float64 so that cells are found as exactly as by hand.

    Attributes:
        clip: int64 [T], clip of each box.
        boxes_xyxy: float64 [T, 4], pixels of the network's input.
        labels: int64 [T] or float32 [T, C].
    """

    clip: Tensor
    boxes_xyxy: Tensor
    labels: Tensor


def flatten_targets(targets: list[Target], image_size: tuple[int, int], device: torch.device) -> FlatTargets:
    """Join the targets of a batch and drop boxes under one pixel wide or high.

    Args:
        targets: B targets, boxes [N, 4] 0..1.
        image_size: Height and width of the network's input in pixels.
        device: Where the losses are computed.

    Returns:
        The boxes that can be learnt.
    """
    height, width = image_size
    counts = torch.tensor([len(t["boxes"]) for t in targets], device=device)
    boxes = torch.cat([t["boxes"].reshape(-1, 4) for t in targets]).to(device, torch.float64)
    filled = [t["labels"] for t in targets if len(t["boxes"])]
    labels = torch.cat(filled).to(device) if filled else torch.zeros(0, dtype=torch.int64, device=device)
    boxes = boxes * boxes.new_tensor([width, height, width, height])
    large = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(dim=1)
    clip = torch.repeat_interleave(torch.arange(len(targets), device=device), counts)
    return FlatTargets(clip[large], boxes[large], labels[large])


class AnchorIoUAssigner:
    """YOWO-Plus (report section 2.2): in the cell of the box's centre, every anchor of like shape; else the best one.

    Of two boxes that claim one anchor of one cell the later has it, as in the released code.
    """

    def __init__(self, iou_threshold: float = 0.5) -> None:
        """Take anchors whose width-height IoU with the box is above `iou_threshold`, 0..1."""
        self.iou_threshold = iou_threshold

    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The detector's output; only the grid is used.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives.
        """
        rows, columns = (side // STRIDE for side in raw["image_size"])
        batch, predictions = raw["conf"].shape[:2]
        count = predictions // (rows * columns)
        flat = flatten_targets(targets, raw["image_size"], raw["conf"].device)
        shapes = raw["anchors"][:count, 2:].to(torch.float64)
        overlaps = shape_iou(flat.boxes_xyxy[:, 2:] - flat.boxes_xyxy[:, :2], shapes)
        best = torch.zeros_like(overlaps, dtype=torch.bool)
        best.scatter_(1, overlaps.argmax(dim=1, keepdim=True), True)
        alike = overlaps > self.iou_threshold
        chosen = torch.where(alike.any(dim=1, keepdim=True), alike, best)
        cell = ((flat.boxes_xyxy[:, :2] + flat.boxes_xyxy[:, 2:]) * 0.5 / STRIDE).floor().long()
        inside = (cell >= 0).all(dim=1) & (cell[:, 0] < columns) & (cell[:, 1] < rows)
        target, anchor = (chosen & inside[:, None]).nonzero(as_tuple=True)
        slot = ((flat.clip[target] * rows + cell[target, 1]) * columns + cell[target, 0]) * count + anchor
        return _later_wins(slot, target, flat, batch, predictions)


def _later_wins(slot: Tensor, target: Tensor, flat: FlatTargets, batch: int, predictions: int) -> Assignment:
    """Give every slot (clip x prediction) to the last target that claims it."""
    owner = torch.full((batch * predictions,), -1, dtype=torch.int64, device=slot.device)
    owner.scatter_reduce_(0, slot, target, reduce="amax")
    taken = (owner >= 0).nonzero().squeeze(1)
    winner = owner[taken]
    return Assignment(
        clip=taken // predictions,
        prediction=taken % predictions,
        boxes_xyxy=flat.boxes_xyxy[winner].float(),
        labels=flat.labels[winner],
    )
