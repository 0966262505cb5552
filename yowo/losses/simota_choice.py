"""SimOTA for every network: YOWOv2's rule where there is a confidence, YOWOv3's where there is none."""

import torch

from yowo.contracts import RawOutput, Target
from yowo.losses.aligned import SideSimOTAAssigner
from yowo.losses.assigners import Assignment
from yowo.losses.simota import SimOTAAssigner


class AnySimOTAAssigner:
    """The rule of `SimOTAAssigner` for raw output with `conf`, else that of `SideSimOTAAssigner`.

    Attributes:
        soft_labels: Whether class goals are multiplied by the overlap.
    """

    def __init__(
        self,
        top_k: int = 10,
        radius: float = 2.5,
        iou_weight: float = 3.0,
        dynamic: bool = False,
        soft_labels: bool = True,
        mask: str = "paper",
    ) -> None:
        """Set the limits.

        Args:
            top_k: Best overlaps that are summed to the number of points of a box, or that number.
            radius: Of the square around a box's centre, in strides of the point's level.
            iou_weight: Weight of the overlap's cost.
            dynamic: Without confidence: whether the number of points of a box is the sum of its best overlaps, at least
                one. With confidence it always is.
            soft_labels: See the class.
            mask: Without confidence: "paper" or "released", see `yowo.losses.aligned.masks`.

        Raises:
            ConfigError: `mask` is another word.
        """
        self.soft_labels = soft_labels
        self.with_confidence = SimOTAAssigner(radius, top_k, iou_weight, soft_labels)
        self.without = SideSimOTAAssigner(top_k, dynamic, radius, iou_weight, soft_labels, mask)

    @torch.no_grad()
    def __call__(self, raw: RawOutput, targets: list[Target]) -> Assignment:
        """Assign the boxes of a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1, labels int64 [N] or multi-hot [N, C].

        Returns:
            The positives, with the factors of their class goals.
        """
        rule = self.with_confidence if "conf" in raw else self.without
        return rule(raw, targets)
