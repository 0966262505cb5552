"""Label assignment: which predictions answer for which ground-truth box."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from yowo.boxes.geometry import iou, shape_iou
from yowo.contracts import STRIDE, RawOutput, Target


@dataclass(frozen=True)
class Assignment:
    """The positives of a batch, in the order of clip and prediction.

    Attributes:
        clip: int64 [P], clip of each positive.
        prediction: int64 [P], its index into the M predictions of the clip.
        boxes_xyxy: float32 [P, 4], target box in pixels of the network's input.
        labels: int64 [P] or float32 [P, C].
        ignored: bool [B, M], predictions that count neither as an object nor as background; None where there are none.
    """

    clip: Tensor
    prediction: Tensor
    boxes_xyxy: Tensor
    labels: Tensor
    ignored: Tensor | None = None


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


@dataclass(frozen=True)
class Grid:
    """The predictions of a batch as a grid: B clips of `rows` x `columns` cells with `count` anchors each."""

    batch: int
    rows: int
    columns: int
    count: int

    @classmethod
    def of(cls, raw: RawOutput) -> "Grid":
        """Read the grid off the detector's output."""
        rows, columns = (side // STRIDE for side in raw["image_size"])
        batch, predictions = raw["conf"].shape[:2]
        return cls(batch, rows, columns, predictions // (rows * columns))

    @property
    def predictions(self) -> int:
        """M, predictions of a clip."""
        return self.rows * self.columns * self.count

    def cells(self, boxes_xyxy: Tensor) -> tuple[Tensor, Tensor]:
        """Find the cells that hold the centres of boxes.

        Args:
            boxes_xyxy: float [T, 4], pixels of the network's input.

        Returns:
            int64 [T], the cell's number in row, column order, and bool [T], whether the centre is on the picture
            (elsewhere the number means nothing).
        """
        column, row = ((boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) * 0.5 / STRIDE).floor().long().unbind(dim=1)
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return row * self.columns + column, inside


def flatten_targets(
    targets: list[Target],
    image_size: tuple[int, int],
    device: torch.device,
    min_side: float = 1.0,
    max_boxes: int | None = None,
) -> FlatTargets:
    """Join the targets of a batch and drop boxes that are too small.

    Args:
        targets: B targets, boxes [N, 4] 0..1.
        image_size: Height and width of the network's input in pixels.
        device: Where the losses are computed.
        min_side: Boxes narrower or lower than this are dropped, in pixels; empty ones always are.
        max_boxes: Boxes taken of a clip, the first ones; None takes all.

    Returns:
        The boxes that can be learnt.
    """
    height, width = image_size
    taken = [Target(boxes=t["boxes"].reshape(-1, 4)[:max_boxes], labels=t["labels"][:max_boxes]) for t in targets]
    counts = torch.tensor([len(t["boxes"]) for t in taken], device=device)
    boxes = torch.cat([t["boxes"] for t in taken]).to(device, torch.float64)
    filled = [t["labels"] for t in taken if len(t["boxes"])]
    labels = torch.cat(filled).to(device) if filled else torch.zeros(0, dtype=torch.int64, device=device)
    boxes = boxes * boxes.new_tensor([width, height, width, height])
    sides = boxes[:, 2:] - boxes[:, :2]
    large = ((sides >= min_side) & (sides > 0)).all(dim=1)
    clip = torch.repeat_interleave(torch.arange(len(taken), device=device), counts)
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
        grid = Grid.of(raw)
        flat = flatten_targets(targets, raw["image_size"], raw["conf"].device)
        overlaps = _anchor_overlaps(flat, raw, grid)
        alike = overlaps > self.iou_threshold
        return _claimed(torch.where(alike.any(dim=1, keepdim=True), alike, _best(overlaps)), flat, grid)


class BestAnchorAssigner:
    """The original YOWO (YOLOv2's rule): in the cell of the box's centre, the one anchor of the most alike shape.

    Of two boxes that claim one anchor of one cell the later has it, labels included. Predictions that lie well on
    some box are not taught to be background, wherever they stand. As in the released code 50 boxes a clip count.
    """

    def __init__(self, ignore_threshold: float | None = 0.6, max_boxes: int | None = 50) -> None:
        """Set the limits.

        Args:
            ignore_threshold: IoU with some box above which a prediction that is no positive is ignored, 0..1; None
                ignores nothing.
            max_boxes: Boxes of a clip, the first ones, that count; None counts all.
        """
        self.ignore_threshold, self.max_boxes = ignore_threshold, max_boxes

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The detector's output.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives and what is ignored.
        """
        grid = Grid.of(raw)
        flat = flatten_targets(targets, raw["image_size"], raw["conf"].device, min_side=0.0, max_boxes=self.max_boxes)
        found = _claimed(_best(_anchor_overlaps(flat, raw, grid)), flat, grid)
        return _with_ignored(found, raw, flat, self.ignore_threshold)


class BestPredictionAssigner:
    """YOWO in the report's words (section 2.2): the predicted box of the centre's cell with the highest IoU.

    Of two boxes that claim one prediction the later has it.
    """

    def __init__(self, ignore_threshold: float | None = None) -> None:
        """Set the limit.

        Args:
            ignore_threshold: IoU with some box above which a prediction that is no positive is ignored, 0..1; None
                ignores nothing.
        """
        self.ignore_threshold = ignore_threshold

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The detector's output.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives and what is ignored.
        """
        grid = Grid.of(raw)
        flat = flatten_targets(targets, raw["image_size"], raw["conf"].device, min_side=0.0)
        cell, inside = grid.cells(flat.boxes_xyxy)
        predicted = raw["boxes"].reshape(grid.batch, -1, grid.count, 4)[flat.clip, torch.where(inside, cell, 0)]
        overlaps = iou(predicted.to(torch.float64), flat.boxes_xyxy[:, None])
        return _with_ignored(_claimed(_best(overlaps), flat, grid), raw, flat, self.ignore_threshold)


def _anchor_overlaps(flat: FlatTargets, raw: RawOutput, grid: Grid) -> Tensor:
    """Return the IoU [T, A] of the boxes' widths and heights with the anchors'."""
    shapes = raw["anchors"][: grid.count, 2:].to(torch.float64)
    return shape_iou(flat.boxes_xyxy[:, 2:] - flat.boxes_xyxy[:, :2], shapes)


def _best(overlaps: Tensor) -> Tensor:
    """Mark the largest of each row of [T, A], ties to the first."""
    return torch.zeros_like(overlaps, dtype=torch.bool).scatter_(1, overlaps.argmax(dim=1, keepdim=True), True)


def _claimed(chosen: Tensor, flat: FlatTargets, grid: Grid) -> Assignment:
    """Give every prediction of the boxes' cells to the last box that claims it.

    Args:
        chosen: bool [T, A], the anchors that each box claims in its cell.
        flat: The T boxes.
        grid: Of the predictions.
    """
    cell, inside = grid.cells(flat.boxes_xyxy)
    target, anchor = (chosen & inside[:, None]).nonzero(as_tuple=True)
    slot = flat.clip[target] * grid.predictions + cell[target] * grid.count + anchor
    owner = torch.full((grid.batch * grid.predictions,), -1, dtype=torch.int64, device=slot.device)
    owner.scatter_reduce_(0, slot, target, reduce="amax")
    taken = (owner >= 0).nonzero().squeeze(1)
    winner = owner[taken]
    return Assignment(
        clip=taken // grid.predictions,
        prediction=taken % grid.predictions,
        boxes_xyxy=flat.boxes_xyxy[winner].float(),
        labels=flat.labels[winner],
    )


def _with_ignored(found: Assignment, raw: RawOutput, flat: FlatTargets, threshold: float | None) -> Assignment:
    """Mark the predictions that lie on some box of their clip by more than `threshold` and are no positive."""
    if threshold is None:
        return found
    boxes = raw["boxes"].detach().float()
    overlaps = iou(boxes[flat.clip], flat.boxes_xyxy[:, None].float())
    hits = torch.zeros(boxes.shape[:2], dtype=torch.int32, device=boxes.device)
    near = hits.index_add_(0, flat.clip, (overlaps > threshold).int()) > 0
    near[found.clip, found.prediction] = False
    return replace(found, ignored=near)
