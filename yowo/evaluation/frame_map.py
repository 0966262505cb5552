"""Frame-mAP as published for UCF101-24 and JHMDB-21: a pure function, and a torchmetrics Metric over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from yowo.contracts import Detections, Target
from yowo.errors import ConfigError
from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes, match_by_class
from yowo.evaluation.rows import Rows, detection_rows, target_rows

PIXEL_GRID = 1024
"""Parts of a pixel that ground truth is snapped to: undoes the float32 noise of fractions (below 1/2048 pixel up to
16,384 pixels), so that annotated whole pixels, and overlaps of exactly the threshold, come back exactly."""


@dataclass(frozen=True, slots=True)
class FrameAP:
    """Frame AP of each class and their mean, as fractions 0..1.

    Attributes:
        ap: float64 [C]; NaN for a class without ground truth.
        map: Mean over the classes with ground truth; NaN if no class has any.
    """

    ap: NDArray[np.float64]
    map: float


def frame_average_precision(
    detections: ScoredBoxes,
    truth: LabelledBoxes,
    num_classes: int,
    iou_threshold: float = 0.5,
    round_boxes: bool = True,
    annotated_frames: NDArray[np.int64] | None = None,
) -> FrameAP:
    """Compute frame-mAP by the rules of the published UCF101-24 evaluation.

    Detections are rounded to whole pixels (halves to even), ground truth is not; boxes are inclusive pixels; a class
    is ranked over all frames by falling score (ties: frame number, then row); a detection is compared with the best
    ground truth of its class and frame only; AP is the area under the precision envelope; a class with ground truth
    and without detections has AP 0, one without ground truth is left out of the mean.

    Args:
        detections: Boxes in pixels of the picture that the protocol counts in.
        truth: Ground truth in the same pixels.
        num_classes: Number of classes C; labels are below it.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.
        round_boxes: False keeps the coordinates of detections as they are (a departure from the protocol).
        annotated_frames: int64 [f], numbers of the frames that count; detections elsewhere are not looked at. None
            counts the frames that have ground truth.

    Returns:
        AP by class and mean.
    """
    matches = match_frames(detections, truth, num_classes, round_boxes, annotated_frames)
    return score_matches(matches, iou_threshold)


def match_frames(
    detections: ScoredBoxes,
    truth: LabelledBoxes,
    num_classes: int,
    round_boxes: bool = True,
    annotated_frames: NDArray[np.int64] | None = None,
) -> list[RankedMatches]:
    """Do the part of `frame_average_precision` that no IoU threshold changes; the arguments are the same.

    Returns:
        C matches, in the order of the classes, for `score_matches`.
    """
    counted = np.isin(detections.frames, truth.frames if annotated_frames is None else annotated_frames)
    boxes = detections.boxes_xyxy[counted]
    detections = ScoredBoxes(
        frames=detections.frames[counted],
        labels=detections.labels[counted],
        boxes_xyxy=np.rint(boxes) if round_boxes else boxes,
        scores=detections.scores[counted],
    )
    return match_by_class(detections, truth, num_classes)


def score_matches(matches: Sequence[RankedMatches], iou_threshold: float) -> FrameAP:
    """Compute AP by class and mean from the matches of each class.

    Args:
        matches: One a class.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.

    Returns:
        AP by class and mean.
    """
    ap = np.full(len(matches), np.nan)
    for label, match in enumerate(matches):
        if match.num_truth:
            ap[label] = average_precision(*precision_recall(match.hits(iou_threshold), match.num_truth))
    known = ap[~np.isnan(ap)]
    return FrameAP(ap, float(known.mean()) if len(known) else float("nan"))


class FrameMAP(Metric):
    """Frame-mAP over the key frames of a split.

    Key frames that come twice (a distributed sampler pads with repeats) count once. What was seen is kept in list
    states on the metric's device, 28 bytes a detection (with multi-hot labels: a box and class). `compute_on_cpu=True`
    keeps it in the CPU's memory; across processes that needs a backend that gathers from there (gloo, not NCCL alone).
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    frames: list[Tensor]
    detection_boxes: list[Tensor]
    detection_labels: list[Tensor]
    detection_scores: list[Tensor]
    target_boxes: list[Tensor]
    target_labels: list[Tensor]

    def __init__(
        self,
        classes: Sequence[str],
        iou_thresholds: Sequence[float] = (0.5,),
        round_boxes: bool = True,
        **metric_options: Any,
    ) -> None:
        """Hold the arguments.

        Args:
            classes: Names of the C classes, in the order of their 0-based numbers.
            iou_thresholds: Least IoU of a true positive, above 0 up to 1; a mean each.
            round_boxes: Round detections to whole pixels, as the published figures do.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: No class, a class twice, or an impossible threshold.
        """
        super().__init__(**metric_options)
        if not classes or len(set(classes)) < len(classes):
            raise ConfigError(f"classes: expected different names, at least one, got {list(classes)}")
        if not iou_thresholds or not all(0 < threshold <= 1 for threshold in iou_thresholds):
            raise ConfigError(f"iou_thresholds: expected numbers above 0 up to 1, got {list(iou_thresholds)}")
        self.classes = tuple(classes)
        self.iou_thresholds = tuple(iou_thresholds)
        self.round_boxes = round_boxes
        self._scores: dict[str, FrameAP] = {}
        for name in self._empty_states():
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        indices: Sequence[int],
        detections: Sequence[Detections],
        targets: Sequence[Target],
        sizes: Sequence[tuple[int, int]],
    ) -> None:
        """Take in a batch of B key frames.

        Args:
            indices: B positions of the key frames in their split; equal scores are ranked in their order.
            detections: B dicts; `boxes` float [N, 4], 0..1, with `scores` [N] and `labels` [N], or `scores` [N, C].
            targets: B dicts; `boxes` float [N, 4], 0..1, with `labels` [N] or [N, C].
            sizes: B widths and heights in pixels that the protocol counts boxes in.

        Raises:
            YowoError: Detections are NaN or infinite, or do not fit the classes; the message names the key frame.
            AnnotationError: Ground truth is, likewise.
        """
        found: list[Rows] = []
        truth: list[Rows] = []
        frames = []
        for index, detected, target, (width, height) in zip(indices, detections, targets, sizes, strict=True):
            where = f"key frame {int(index)}"
            found.append(detection_rows(detected, len(self.classes), where))
            truth.append(target_rows(target, len(self.classes), where))
            frames.append([int(index), width, height, len(found[-1].labels), len(truth[-1].labels)])
        if not frames:
            return
        self.frames.append(torch.tensor(frames, dtype=torch.int64, device=self.device))
        self.detection_boxes.append(torch.cat([rows.boxes_norm for rows in found]))
        self.detection_labels.append(torch.cat([rows.labels for rows in found]))
        self.detection_scores.append(torch.cat([rows.scores for rows in found if rows.scores is not None]))
        self.target_boxes.append(torch.cat([rows.boxes_norm for rows in truth]))
        self.target_labels.append(torch.cat([rows.labels for rows in truth]))

    def compute(self) -> dict[str, Tensor]:
        """Compute the mean over classes at each threshold, over all processes.

        Returns:
            {"frame_map/0.5": scalar}, a fraction 0..1; NaN where there is no ground truth.
        """
        frames, rows = self._gathered()
        _, first = np.unique(frames[:, 0], return_index=True)
        kept = np.zeros(len(frames), dtype=np.bool_)
        kept[first] = True
        frame, counted, scale = _spread(frames, frames[:, 3], kept)
        detections = ScoredBoxes(
            frames=frame,
            labels=rows["detection_labels"][counted],
            boxes_xyxy=(rows["detection_boxes"][counted] * scale).astype(np.float64),
            scores=rows["detection_scores"][counted],
        )
        frame, counted, scale = _spread(frames, frames[:, 4], kept)
        pixels = np.rint(rows["target_boxes"][counted] * scale.astype(np.float64) * PIXEL_GRID) / PIXEL_GRID
        truth = LabelledBoxes(frame, rows["target_labels"][counted], pixels)
        matches = match_frames(detections, truth, len(self.classes), self.round_boxes, frames[first, 0])
        self._scores = {f"{threshold:g}": score_matches(matches, threshold) for threshold in self.iou_thresholds}
        exact = torch.float32 if self.device.type == "mps" else torch.float64
        return {
            f"frame_map/{threshold}": torch.tensor(score.map, dtype=exact, device=self.device)
            for threshold, score in self._scores.items()
        }

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return the AP of each class at each threshold, from the state that `compute` uses.

        After `compute` it asks no other process; before it, all processes must call it.

        Returns:
            {"0.5": {class: fraction 0..1}}; NaN for a class without ground truth.
        """
        self.compute()
        return {
            threshold: dict(zip(self.classes, score.ap.tolist(), strict=True))
            for threshold, score in self._scores.items()
        }

    def sync(self, *args: Any, **kwargs: Any) -> None:
        """Gather the states of all processes; one that has seen nothing sends empty tensors of the right kind."""
        for name, empty in self._empty_states().items():
            state = getattr(self, name)
            if isinstance(state, list) and not state:
                state.append(empty)
        super().sync(*args, **kwargs)

    def _empty_states(self) -> dict[str, Tensor]:
        """Return each state as no key frame makes it; `frames` is index, width, height, detections, ground truths."""
        return {
            "frames": torch.zeros((0, 5), dtype=torch.int64, device=self.device),
            "detection_boxes": torch.zeros((0, 4), device=self.device, dtype=torch.float32),
            "detection_labels": torch.zeros(0, dtype=torch.int64, device=self.device),
            "detection_scores": torch.zeros(0, device=self.device, dtype=torch.float32),
            "target_boxes": torch.zeros((0, 4), device=self.device, dtype=torch.float32),
            "target_labels": torch.zeros(0, dtype=torch.int64, device=self.device),
        }

    def _gathered(self) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Return `frames` and the other states as arrays."""
        arrays = {}
        for name, empty in self._empty_states().items():
            state: list[Tensor] | Tensor = getattr(self, name)
            whole = state if isinstance(state, Tensor) else dim_zero_cat(state or [empty])
            arrays[name] = whole.cpu().numpy()
        return arrays.pop("frames"), arrays


def _spread(
    frames: NDArray[np.int64], counts: NDArray[np.int64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float32]]:
    """Give the rows of the kept frames what their frame knows.

    Returns:
        Index of the frame [n], mask over all rows, and width, height, width, height [n, 4] in pixels.
    """
    counted = np.repeat(kept, counts)
    own = np.repeat(np.arange(len(frames)), counts)[counted]
    return frames[own, 0], counted, frames[own][:, [1, 2, 1, 2]].astype(np.float32)
