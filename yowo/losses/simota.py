"""SimOTA (Ge et al. 2021) as in YOWOv2: the cheapest points of each box, as many as its predictions overlap it well."""

import torch
from torch import Tensor

from yowo.boxes.geometry import iou
from yowo.contracts import RawOutput, Target
from yowo.losses.assigners import Assignment
from yowo.losses.candidates import FlatTargets, flatten_targets, label_sums

LEAST_LOG = -100.0
"""Logarithms of probabilities are clamped to it, as `torch.nn.functional.binary_cross_entropy` does."""
OUTSIDE = 100_000.0
"""Cost of a point that is not in the box and near its centre."""


class SimOTAAssigner:
    """Points inside a box, or near its centre, compete for it by the cost of class and overlap.

    Cost = binary cross-entropy of the root of confidence times class probability, summed over classes, plus
    `iou_weight` times -log IoU, plus 100000 unless the point is inside the box and near its centre. A box takes as many
    of the cheapest points as the sum of its `top_k` best IoUs, cut to a whole number, at least one. A point that
    several boxes take goes to the one for which it is cheapest of all boxes of its clip.
    """

    def __init__(
        self, centre_radius: float = 2.5, top_k: int = 10, iou_weight: float = 3.0, soft_labels: bool = True
    ) -> None:
        """Set the limits.

        Args:
            centre_radius: Half the side of the square around a box's centre, in strides of the point's level.
            top_k: IoUs that are summed to the number of points of a box.
            iou_weight: Weight of the overlap's cost.
            soft_labels: Whether class goals are multiplied by the IoU.
        """
        self.centre_radius, self.top_k, self.iou_weight = centre_radius, top_k, iou_weight
        self.soft_labels = soft_labels

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1, labels int64 [N] or multi-hot [N, C].

        Returns:
            The positives, with their IoUs.
        """
        flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0)
        cost, overlap = self.costs(raw, flat)
        chosen = self._cheapest(cost, overlap, flat.clip)
        best = first_of_clip(cost, flat.clip, len(targets))  # [B, M], index of a box
        batch, count = raw["cls"].shape[:2]
        taken = torch.zeros(batch, count, dtype=torch.int64, device=cost.device).index_add_(0, flat.clip, chosen.long())
        owner = torch.full((batch, count), -1, dtype=torch.int64, device=cost.device)
        target, point = chosen.nonzero(as_tuple=True)
        owner[flat.clip[target], point] = target
        owner = torch.where(taken > 1, best, owner)
        clip, prediction = (taken > 0).nonzero(as_tuple=True)
        winner = owner[clip, prediction]
        return Assignment(
            clip=clip,
            prediction=prediction,
            boxes_xyxy=flat.boxes_xyxy[winner].float(),
            labels=flat.labels[winner],
            quality=overlap[winner, prediction] if self.soft_labels else None,
        )

    def costs(self, raw: RawOutput, flat: FlatTargets) -> tuple[Tensor, Tensor]:
        """Compute the cost and the IoU of every box and point of its clip.

        Args:
            raw: The network's output for B clips.
            flat: The T boxes of all clips.

        Returns:
            float32 [T, M] cost, infinite where the point is no candidate of any box of the clip, and float32 [T, M]
            IoU, 0 there.
        """
        boxes = flat.boxes_xyxy.float()
        points, reach = raw["points"], self.centre_radius * raw["strides"]
        inside = _strictly_inside(points, boxes)
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        near = ((points - centre[:, None]).abs().amax(dim=-1) < reach) & (reach > 0)
        batch, count = raw["cls"].shape[:2]
        hits = torch.zeros(batch, count, dtype=torch.int64, device=boxes.device)
        candidate = (hits.index_add_(0, flat.clip, (inside | near).long()) > 0)[flat.clip]
        overlap = iou(raw["boxes"].detach().float()[flat.clip], boxes[:, None]).where(candidate, 0.0)
        cost = self._class_cost(raw, flat) - self.iou_weight * (overlap + 1e-8).log() + OUTSIDE * ~(inside & near)
        return cost.where(candidate, torch.inf), overlap

    def _class_cost(self, raw: RawOutput, flat: FlatTargets) -> Tensor:
        """Return float32 [T, M], the cross-entropies of every box's label and its clip's points, summed over classes.

        log(1 - p) of all classes is summed once a point; a box adds the difference for the classes of its label.
        """
        scores = raw["cls"].detach().float().sigmoid()
        if "conf" in raw:
            scores = (scores * raw["conf"].detach().float().sigmoid()).sqrt()
        yes, no = scores.log().clamp(min=LEAST_LOG), (1 - scores).log().clamp(min=LEAST_LOG)
        return -(no.sum(dim=-1)[flat.clip] + label_sums(yes - no, flat))

    def _cheapest(self, cost: Tensor, overlap: Tensor, clip: Tensor) -> Tensor:
        """Return bool [T, M], the points that each box takes."""
        most = min(self.top_k, cost.shape[1])
        wanted = overlap.topk(most, dim=1).values.sum(dim=1).int().clamp(min=1)
        return cheapest(cost, wanted, clip)


def cheapest(cost: Tensor, wanted: Tensor, clip: Tensor) -> Tensor:
    """Mark the cheapest points of each box; of equally cheap ones those that `torch.topk` takes for that number.

    Args:
        cost: float [T, M]; infinite, for all boxes of a clip, at points that none may take.
        wanted: int [T], number of points of each box, 1..M.
        clip: int [T], the clip of each box.

    Returns:
        bool [T, M].

    Examples:
        >>> cost = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
        >>> cheapest(cost, torch.tensor([1, 2]), torch.tensor([0, 0])).int().tolist()
        [[0, 1, 0], [0, 1, 1]]
    """
    picked = torch.zeros_like(cost, dtype=torch.bool)
    for place, count in set(zip(clip.tolist(), wanted.tolist(), strict=True)):
        rows = ((clip == place) & (wanted == count)).nonzero()
        open_ = cost[rows[0, 0]].isfinite().nonzero()[:, 0]
        points = cost[rows, open_].topk(min(count, len(open_)), dim=1, largest=False).indices
        picked[rows, open_[points]] = True
    return picked


def _strictly_inside(points: Tensor, boxes: Tensor) -> Tensor:
    """Return bool [T, M], whether points [M, 2] are inside boxes [T, 4], both in pixels."""
    return ((points > boxes[:, None, :2]) & (points < boxes[:, None, 2:])).all(dim=-1)


def first_of_clip(cost: Tensor, clip: Tensor, batch: int) -> Tensor:
    """Find the box of its clip for which each point is cheapest, int64 [B, M]; of equal ones the first, without box -1.

    Args:
        cost: float [T, M].
        clip: int64 [T], clip of each box.
        batch: B.
    """
    rows = clip[:, None].expand_as(cost)
    least = cost.new_full((batch, cost.shape[1]), torch.inf).scatter_reduce_(0, rows, cost, reduce="amin")
    number = torch.arange(len(cost), device=cost.device)[:, None].expand_as(cost)
    number = number.where(cost == least[clip], len(cost))
    first = torch.full((batch, cost.shape[1]), len(cost), device=cost.device)
    first = first.scatter_reduce_(0, rows, number, reduce="amin")
    return first.where(first < len(cost), -1)
