"""Label assignment: which predictions are responsible for which ground-truth box.

All rules look at the cells that contain the middle of the box, one on each level of the network. The predictions of
these cells compete with each other across the levels; YOWO has one level. See `yowo.losses.candidates`.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from yowo.boxes.geometry import iou, shape_iou
from yowo.contracts import RawOutput, Target
from yowo.losses.candidates import Candidates, FlatTargets, candidate_shapes, find_candidates, flatten_targets


@dataclass(frozen=True)
class BoxPairs:
    """Predictions and the boxes that they learn.

    Attributes:
        clip: int64 [Q], clip of each pair.
        prediction: int64 [Q], index of its prediction in the M of the clip.
        boxes_xyxy: float32 [Q, 4], its box, x1 y1 x2 y2 in pixels of the network's input.
    """

    clip: Tensor
    prediction: Tensor
    boxes_xyxy: Tensor


@dataclass(frozen=True)
class Assignment:
    """The positives of a batch: predictions with a box to learn, ordered by clip and prediction.

    Attributes:
        clip: int64 [P], clip of each positive.
        prediction: int64 [P], its index in the M predictions of the clip.
        boxes_xyxy: float32 [P, 4], its box, x1 y1 x2 y2 in pixels of the network's input.
        labels: int64 [P] or float32 [P, C], the label of the box.
        ignored: bool [B, M], predictions that the confidence term (without one, the class term) leaves out, neither
            object nor background; None if there are none.
        box_rows: What learns a box, where this is not the positives: a prediction can stand here several times, with
            several boxes, and without being positive. None: the positives do.
        quality: float32 [P], factor of each positive's class goal, such as the IoU of its predicted box; None is 1.
    """

    clip: Tensor
    prediction: Tensor
    boxes_xyxy: Tensor
    labels: Tensor
    ignored: Tensor | None = None
    box_rows: BoxPairs | None = None
    quality: Tensor | None = None


class AnchorIoUAssigner:
    """YOWO-Plus (report section 2.2): all anchors of similar shape in the box's cells, or else the most similar one.

    If two boxes claim the same prediction, the later one gets it, as in the released code.

    Examples:
        >>> from yowo.models.heads import grouped_output
        >>> raw = grouped_output(torch.zeros(1, 2 * (1 + 3 + 4), 2, 2), torch.tensor([[20.0, 20], [40, 40]]), stride=32)
        >>> box = torch.tensor([[0.55, 0.05, 0.95, 0.45]])
        >>> found = AnchorIoUAssigner()(raw, [{"boxes": box, "labels": torch.tensor([2])}])
        >>> found.prediction.tolist(), found.labels.tolist()
        ([2], [2])

    Attributes:
        needs_anchors: That it needs anchors; see `yowo.config.matching_parts`.
    """

    needs_anchors = True

    def __init__(self, iou_threshold: float = 0.5) -> None:
        """Set the limit.

        Args:
            iou_threshold: IoU of widths and heights above which an anchor is of similar shape, 0..1.
        """
        self.iou_threshold = iou_threshold

    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips; only its grids and anchors are used.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives.

        Raises:
            ConfigError: The network has no anchors.
        """
        flat = flatten_targets(targets, raw["image_size"], raw["cls"].device)
        overlaps = _anchor_overlaps(flat, raw)
        alike = overlaps > self.iou_threshold
        chosen = torch.where(alike.any(dim=1, keepdim=True), alike, _best(overlaps))
        return _claimed(chosen, find_candidates(flat.boxes_xyxy, raw["levels"]), flat, raw)


class BestAnchorAssigner:
    """The original YOWO (YOLOv2's rule): the anchor of the most similar shape in the box's cells.

    If two boxes claim the same prediction, the later one gets it, labels included. Predictions whose box overlaps some
    target well are not trained as background, wherever they are. As in the released code, 50 boxes per clip are used.

    Attributes:
        needs_anchors: That it needs anchors; see `yowo.config.matching_parts`.
    """

    needs_anchors = True

    def __init__(self, ignore_threshold: float | None = 0.6, max_boxes: int | None = 50) -> None:
        """Set the limits.

        Args:
            ignore_threshold: A prediction that is not positive is ignored if its IoU with a box is above it, 0..1; None
                ignores nothing.
            max_boxes: Only the first so many boxes of a clip are used; None uses all.
        """
        self.ignore_threshold, self.max_boxes = ignore_threshold, max_boxes

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives and the ignored predictions.

        Raises:
            ConfigError: The network has no anchors.
        """
        flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0, max_boxes=self.max_boxes)
        chosen = _best(_anchor_overlaps(flat, raw))
        found = _claimed(chosen, find_candidates(flat.boxes_xyxy, raw["levels"]), flat, raw)
        return _with_ignored(found, raw, flat, self.ignore_threshold)


class BestPredictionAssigner:
    """YOWO as the report describes it (section 2.2): the predicted box with the highest IoU in the box's cells.

    It needs no anchors. If two boxes claim the same prediction, the later one gets it.
    """

    def __init__(self, ignore_threshold: float | None = None) -> None:
        """Set the limit.

        Args:
            ignore_threshold: A prediction that is not positive is ignored if its IoU with a box is above it, 0..1; None
                ignores nothing.
        """
        self.ignore_threshold = ignore_threshold

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1.

        Returns:
            The positives and the ignored predictions.
        """
        flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0)
        candidates = find_candidates(flat.boxes_xyxy, raw["levels"])
        predicted = raw["boxes"][flat.clip[:, None], candidates.prediction]
        overlaps = iou(predicted.to(torch.float64), flat.boxes_xyxy[:, None])
        return _with_ignored(_claimed(_best(overlaps), candidates, flat, raw), raw, flat, self.ignore_threshold)


def _anchor_overlaps(flat: FlatTargets, raw: RawOutput) -> Tensor:
    """Return the IoU [T, Q] of the boxes' widths and heights with those of their candidates' anchors."""
    return shape_iou(flat.boxes_xyxy[:, 2:] - flat.boxes_xyxy[:, :2], candidate_shapes(raw))


def _best(overlaps: Tensor) -> Tensor:
    """Mark the largest value of each row of [T, Q], of equal ones the first."""
    return torch.zeros_like(overlaps, dtype=torch.bool).scatter_(1, overlaps.argmax(dim=1, keepdim=True), True)


def _claimed(chosen: Tensor, candidates: Candidates, flat: FlatTargets, raw: RawOutput) -> Assignment:
    """Give every claimed prediction to the last box that claims it.

    Args:
        chosen: bool [T, Q], the candidates that each box claims.
        candidates: Of the T boxes.
        flat: The T boxes.
        raw: The network's output for B clips.
    """
    batch, predictions = raw["cls"].shape[:2]
    target, candidate = (chosen & candidates.inside).nonzero(as_tuple=True)
    slot = flat.clip[target] * predictions + candidates.prediction[target, candidate]
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


def _with_ignored(found: Assignment, raw: RawOutput, flat: FlatTargets, threshold: float | None) -> Assignment:
    """Ignore the predictions whose IoU with a box of their clip is above `threshold` and that are not positive."""
    if threshold is None:
        return found
    boxes = raw["boxes"].detach().float()
    overlaps = iou(boxes[flat.clip], flat.boxes_xyxy[:, None].float())
    hits = torch.zeros(boxes.shape[:2], dtype=torch.int32, device=boxes.device)
    near = hits.index_add_(0, flat.clip, (overlaps > threshold).int()) > 0
    near[found.clip, found.prediction] = False
    return replace(found, ignored=near)
