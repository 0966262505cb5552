"""YOWOF's label assignment (uniform matching, Chen et al. 2021): the same number of predictions for every box."""

from dataclasses import dataclass

import torch
from torch import Tensor

from yowo.boxes.geometry import iou, xyxy_to_cxcywh
from yowo.contracts import RawOutput, Target
from yowo.errors import ConfigError, YowoError
from yowo.losses.assigners import Assignment, BoxPairs
from yowo.losses.candidates import FlatTargets, flatten_targets


@dataclass(frozen=True)
class Matches:
    """All matches of a batch, in the order in which later ones replace earlier ones.

    Attributes:
        clip: int64 [Q], clip of each match.
        prediction: int64 [Q], index of its prediction, which is also that of its anchor.
        target: int64 [Q], its box among those of all clips.
        dropped: bool [Q], whether its anchor overlaps the box too little: the prediction is left out then.
    """

    clip: Tensor
    prediction: Tensor
    target: Tensor
    dropped: Tensor


class UniformAssigner:
    """For each box the nearest predictions and the nearest anchors, in pixels of centre and size together.

    A match whose anchor overlaps its box by less than `least_iou` is dropped: its prediction is neither positive nor
    background. So is a prediction that is not matched and overlaps some box by more than `ignore_threshold`. Of several
    matches of a prediction the last one decides its class; each match that is not dropped trains its box.

    Attributes:
        needs_anchors: That it needs anchors; see `yowo.config.matching_parts`.
    """

    needs_anchors = True

    def __init__(self, top_k: int = 4, least_iou: float = 0.15, ignore_threshold: float | None = 0.7) -> None:
        """Set the limits.

        Args:
            top_k: So many predictions and so many anchors are matched to each box.
            least_iou: IoU of anchor and box below which a match is dropped, 0..1.
            ignore_threshold: A prediction that is not matched is ignored if its IoU with a box is above it, 0..1; None
                ignores nothing.
        """
        self.top_k, self.least_iou, self.ignore_threshold = top_k, least_iou, ignore_threshold

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1, labels int64 [N] or multi-hot [N, C]. A multi-hot label of zeros only
                is background.

        Returns:
            The positives, what is ignored, and which prediction learns which box.

        Raises:
            ConfigError: The network has no anchors.
            YowoError: The first corner of a box is not above and left of the second.
        """
        flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=None)
        _check_corners(flat)
        matches = self.matches(raw, flat)
        batch, count = raw["cls"].shape[:2]
        slot = matches.clip * count + matches.prediction
        last = torch.full((batch * count,), -1, dtype=torch.int64, device=slot.device)
        last.scatter_reduce_(0, slot, torch.arange(len(slot), device=slot.device), reduce="amax")
        matched = last >= 0
        left_out = torch.zeros_like(matched)
        left_out[matched] = matches.dropped[last[matched]]
        named = flat.labels.sum(dim=1) > 0 if flat.labels.ndim == 2 else torch.ones_like(flat.labels, dtype=torch.bool)
        acting = matched & ~left_out
        acting[acting.clone()] = named[matches.target[last[acting]]]
        place = acting.nonzero().squeeze(1)
        owner = matches.target[last[place]]
        ignored = (self._near(raw, flat).flatten() & ~matched) | left_out
        kept = ~matches.dropped
        rows = BoxPairs(matches.clip[kept], matches.prediction[kept], flat.boxes_xyxy[matches.target[kept]].float())
        return Assignment(
            clip=place // count,
            prediction=place % count,
            boxes_xyxy=flat.boxes_xyxy[owner].float(),
            labels=flat.labels[owner],
            ignored=ignored.view(batch, count),
            box_rows=rows,
        )

    def matches(self, raw: RawOutput, flat: FlatTargets) -> Matches:
        """Match boxes with predictions and anchors.

        Args:
            raw: The network's output for B clips.
            flat: The T boxes of all clips.

        Returns:
            2 x top_k matches a box: clip by clip, in a clip by rank, in a rank first those by prediction, box by box,
            then those by anchor.

        Raises:
            ConfigError: The network has no anchors.
        """
        if "anchors" not in raw:
            raise ConfigError(
                "assigner=uniform: it compares boxes with anchors, and this network has none; use simota or tal"
            )
        boxes = xyxy_to_cxcywh(flat.boxes_xyxy.float())
        anchors = torch.cat([raw["points"], raw["anchors"].float()[:, 2:]], dim=1)
        predictions = xyxy_to_cxcywh(raw["boxes"].detach().float())
        most = min(self.top_k, len(anchors))
        by_prediction = _nearest(boxes, predictions[flat.clip], most)
        by_anchor = _nearest(boxes, anchors[None], most)
        chosen = torch.stack([by_prediction, by_anchor], dim=2)  # [T, k, 2]
        target = torch.arange(len(boxes), device=boxes.device)[:, None, None].expand_as(chosen)
        rank = torch.arange(most, device=boxes.device)[None, :, None].expand_as(chosen)
        kind = torch.arange(2, device=boxes.device).expand_as(chosen)
        clip = flat.clip[target]
        order = (((clip * most + rank) * 2 + kind) * max(len(boxes), 1) + target).flatten().argsort()
        clip, target, prediction = (values.flatten()[order] for values in (clip, target, chosen))
        low, half = anchors[prediction, :2], anchors[prediction, 2:] / 2
        overlap = iou(torch.cat([low - half, low + half], dim=1), flat.boxes_xyxy[target].float())
        return Matches(clip, prediction, target, overlap < self.least_iou)

    def _near(self, raw: RawOutput, flat: FlatTargets) -> Tensor:
        """Mark the predictions whose IoU with a box of their clip is above `ignore_threshold`, bool [B, M]."""
        boxes = raw["boxes"].detach().float()
        hits = torch.zeros(boxes.shape[:2], dtype=torch.int32, device=boxes.device)
        if self.ignore_threshold is None:
            return hits > 0
        overlaps = iou(boxes[flat.clip], flat.boxes_xyxy[:, None].float())
        return hits.index_add_(0, flat.clip, (overlaps > self.ignore_threshold).int()) > 0


def _check_corners(flat: FlatTargets) -> None:
    """Raise YowoError for a box whose x2 is below x1, or y2 below y1: its IoU with others has no meaning."""
    wrong = (flat.boxes_xyxy[:, 2:] < flat.boxes_xyxy[:, :2]).any(dim=1).nonzero()
    if len(wrong):
        at = int(wrong[0])
        box = [round(value, 1) for value in flat.boxes_xyxy[at].tolist()]
        raise YowoError(
            f"clip {int(flat.clip[at])} of the batch: expected boxes with x1 <= x2, y1 <= y2, got {box} pixels; check "
            "the annotation"
        )


def _nearest(boxes: Tensor, others: Tensor, count: int) -> Tensor:
    """Return int64 [T, count], the nearest of `others` [T or 1, M, 4] for each of `boxes` [T, 4], nearest first."""
    return (boxes[:, None] - others).abs().sum(dim=-1).topk(count, dim=1, largest=False).indices
