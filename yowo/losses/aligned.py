"""YOWOv3's label assignments: task-aligned (Feng et al. 2021) and SimOTA, both with two masks."""

import torch
from torch import Tensor

from yowo.boxes.geometry import ciou
from yowo.contracts import RawOutput, Target
from yowo.errors import ConfigError
from yowo.losses.assigners import Assignment
from yowo.losses.candidates import FlatTargets, flatten_targets, label_rows, label_sums
from yowo.losses.simota import LEAST_LOG, cheapest, first_of_clip

INSIDE = 1e-9
"""A point is inside a box if it is further than this from each side, in pixels."""
MASKS = ("paper", "released")
VIOLATED = 1e6
"""Cost of each mask that a point violates."""


def check_mask(mask: str) -> None:
    """Raise ConfigError where a mask is none of `MASKS`."""
    if mask not in MASKS:
        raise ConfigError(f"assigner.mask: expected one of {', '.join(MASKS)}, got {mask!r}")


def counted(targets: list[Target], raw: RawOutput) -> FlatTargets:
    """Join the boxes that count: those with an area whose corners sum above 0.

    Args:
        targets: B targets, boxes [N, 4] 0..1.
        raw: The network's output for B clips.
    """
    flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0)
    kept = flat.boxes_xyxy.sum(dim=1) > 0
    return FlatTargets(flat.clip[kept], flat.boxes_xyxy[kept], flat.labels[kept])


def masks(raw: RawOutput, flat: FlatTargets, radius: float, mask: str) -> tuple[Tensor, Tensor]:
    """Mark the points that a box may take.

    Args:
        raw: The network's output; only its grid is used.
        flat: The T boxes of all clips.
        radius: In strides of the point's level.
        mask: "paper": the point is within `radius` of the box's centre, in each axis. "released": it is further than
            `radius` from half the box's size, taken for its centre, as in the released program.

    Returns:
        bool [T, M] inside the box, and bool [T, M] the second mask.
    """
    points, boxes = raw["points"], flat.boxes_xyxy.float()
    away = torch.cat([points - boxes[:, None, :2], boxes[:, None, 2:] - points], dim=-1)
    inside = away.amin(dim=-1) > INSIDE
    reach = radius * raw["strides"]
    if mask == "released":
        half = (boxes[:, 2:] - boxes[:, :2]) / 2
        return inside, (points - half[:, None]).norm(dim=-1) > reach
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return inside, (points - centre[:, None]).abs().amax(dim=-1) < reach


class TaskAlignedAssigner:
    """Each box takes the points whose score and overlap together are largest.

    The measure is score^alpha times CIoU^beta, the score being the mean over the classes of the box's label. A point
    that several boxes take goes to the one that it overlaps most, of all boxes of its clip.
    """

    def __init__(
        self,
        top_k: int = 10,
        alpha: float = 0.5,
        beta: float = 6.0,
        radius: float = 2.5,
        soft_labels: bool = False,
        mask: str = "paper",
    ) -> None:
        """Set the limits.

        Args:
            top_k: Points of each box.
            alpha: Power of the score.
            beta: Power of the overlap.
            radius: Of the second mask, in strides.
            soft_labels: Whether class goals fall with the measure and the overlap.
            mask: Second mask, "paper" or "released", see `masks`.

        Raises:
            ConfigError: `mask` is another word.
        """
        check_mask(mask)
        self.top_k, self.alpha, self.beta, self.radius = top_k, alpha, beta, radius
        self.soft_labels, self.mask = soft_labels, mask

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1, labels int64 [N] or multi-hot [N, C].

        Returns:
            The positives; with soft labels their factors.
        """
        flat = counted(targets, raw)
        scores = raw["cls"].detach().float().sigmoid()
        many = label_rows(flat, scores.shape[-1]).sum(dim=1, keepdim=True)
        mean = label_sums(scores, flat) / many.clamp(min=1)
        overlap = ciou(flat.boxes_xyxy.float()[:, None], raw["boxes"].detach().float()[flat.clip]).clamp(min=0)
        inside, second = masks(raw, flat, self.radius, self.mask)
        allowed = inside & second
        measure = mean**self.alpha * overlap**self.beta
        chosen = _top(measure * allowed, self.top_k) & allowed
        found = settle(chosen, -overlap, raw, flat)
        if not self.soft_labels:
            return found.assignment(flat)
        mine = torch.zeros_like(chosen)
        mine[found.owner, found.prediction] = True
        best_measure = (measure * mine).amax(dim=1) if len(mine) else measure.sum(dim=1)
        best_overlap = (overlap * mine).amax(dim=1) if len(mine) else measure.sum(dim=1)
        where = (found.owner, found.prediction)
        share = measure[where] * best_overlap[found.owner] / (best_measure[found.owner] + 1e-9)
        return found.assignment(flat, share * overlap[where])


class SideSimOTAAssigner:
    """SimOTA with CIoU: a box takes the points with the least cost of class and overlap."""

    def __init__(
        self,
        top_k: int = 10,
        dynamic: bool = False,
        radius: float = 2.5,
        iou_weight: float = 3.0,
        soft_labels: bool = True,
        mask: str = "paper",
    ) -> None:
        """Set the limits.

        Args:
            top_k: Points of each box; with `dynamic` the number of best overlaps that are summed to it.
            dynamic: Whether the number of points of a box is the sum of its best overlaps, at least one.
            radius: Of the second mask, in strides.
            iou_weight: Weight of the overlap's cost.
            soft_labels: Whether class goals are multiplied by the overlap.
            mask: Second mask, "paper" or "released", see `masks`.

        Raises:
            ConfigError: `mask` is another word.
        """
        check_mask(mask)
        self.top_k, self.dynamic, self.radius, self.iou_weight = top_k, dynamic, radius, iou_weight
        self.soft_labels, self.mask = soft_labels, mask

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch; see `TaskAlignedAssigner`."""
        flat = counted(targets, raw)
        overlap = ciou(flat.boxes_xyxy.float()[:, None], raw["boxes"].detach().float()[flat.clip]).clamp(min=0)
        inside, second = masks(raw, flat, self.radius, self.mask)
        cost = self._class_cost(raw, flat, overlap) - self.iou_weight * (overlap + 1e-9).log()
        cost = cost + VIOLATED * (~inside).float() + VIOLATED * (~second).float()
        most = min(self.top_k, cost.shape[1])
        wanted = torch.full((len(cost),), most, device=cost.device)
        if self.dynamic:
            wanted = overlap.topk(most, dim=1).values.sum(dim=1).int().clamp(min=1)
        chosen = cheapest(cost, wanted, flat.clip) & inside & second
        found = settle(chosen, cost, raw, flat)
        return found.assignment(flat, overlap[found.owner, found.prediction] if self.soft_labels else None)

    def _class_cost(self, raw: RawOutput, flat: FlatTargets, overlap: Tensor) -> Tensor:
        """Return float32 [T, M], binary cross-entropies of score times overlap and label, summed over classes.

        Most pairs of box and point do not overlap: their cost is `-LEAST_LOG` for each class of the label. For the
        others each class is looked at.
        """
        labels = label_rows(flat, raw["cls"].shape[-1])
        cost = (-LEAST_LOG * labels.sum(dim=1, keepdim=True)).repeat(1, overlap.shape[1])
        target, point = (overlap > 0).nonzero(as_tuple=True)
        scores = raw["cls"].detach().float().sigmoid()[flat.clip[target], point] * overlap[target, point][:, None]
        yes, no = scores.log().clamp(min=LEAST_LOG), (1 - scores).log().clamp(min=LEAST_LOG)
        cost[target, point] = -(no + (yes - no) * labels[target]).sum(dim=-1)
        return cost


class Settled:
    """The positives after every point has one box.

    Attributes:
        clip: int64 [P], clip of each.
        prediction: int64 [P], its point.
        owner: int64 [P], its box among those of all clips.
    """

    def __init__(self, clip: Tensor, prediction: Tensor, owner: Tensor) -> None:
        """Store the positives."""
        self.clip, self.prediction, self.owner = clip, prediction, owner

    def assignment(self, flat: FlatTargets, quality: Tensor | None = None) -> Assignment:
        """Return the assignment, with factors of the class goals, float [P]."""
        boxes, labels = flat.boxes_xyxy[self.owner].float(), flat.labels[self.owner]
        return Assignment(self.clip, self.prediction, boxes, labels, quality=quality)


def settle(chosen: Tensor, cost: Tensor, raw: RawOutput, flat: FlatTargets) -> Settled:
    """Give every point to one box: the one that took it, or of several the cheapest of all boxes of the clip.

    Args:
        chosen: bool [T, M], points that each box takes.
        cost: float [T, M].
        raw: The network's output for B clips.
        flat: The T boxes.
    """
    batch, count = raw["cls"].shape[:2]
    taken = torch.zeros(batch, count, dtype=torch.int64, device=cost.device).index_add_(0, flat.clip, chosen.long())
    owner = torch.full((batch, count), -1, dtype=torch.int64, device=cost.device)
    target, point = chosen.nonzero(as_tuple=True)
    owner[flat.clip[target], point] = target
    owner = torch.where(taken > 1, first_of_clip(cost, flat.clip, batch), owner)
    clip, prediction = (taken > 0).nonzero(as_tuple=True)
    return Settled(clip, prediction, owner[clip, prediction])


def _top(values: Tensor, count: int) -> Tensor:
    """Mark the `count` largest values of each row of [T, M]."""
    places = values.topk(min(count, values.shape[1]), dim=1).indices
    return torch.zeros_like(values, dtype=torch.bool).scatter_(1, places, True)
