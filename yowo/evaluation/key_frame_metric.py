"""What all metrics of this package share: detections and ground truth of key frames, gathered over processes."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from yowo.contracts import Detections, Target
from yowo.errors import ConfigError
from yowo.evaluation.key_frame_rows import BoxRows, detection_rows, target_rows
from yowo.evaluation.metric_groups import class_groups, mean_groups
from yowo.evaluation.score_details import ScoreDetails
from yowo.evaluation.split_index import SplitIndex

ScoresT = TypeVar("ScoresT")


class KeyFrameMetric(Metric, Generic[ScoresT]):
    """Keeps the detections and the ground truth of key frames; a subclass computes figures from them.

    A subclass gives `score`, which computes everything from the state, and `layout`, its part of metrics.json. It may
    give `save_detections` and `details` (what a page shows beyond the figures). Nothing else needs to know it: groups
    named `<name>_map` and `<name>_ap` in its part of metrics.json are logged, printed and shown
    (`yowo.evaluation.metric_groups`).

    A key frame that is seen twice (a distributed sampler pads with repeats) counts once. The states are lists on the
    metric's device, 28 bytes per detection (with multi-hot labels: per box and class). `compute_on_cpu=True` keeps them
    in the CPU's memory; with several processes this needs a backend that gathers from there (gloo, not NCCL alone).
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

    def __init__(self, classes: Sequence[str], **metric_options: Any) -> None:
        """Store the arguments.

        Args:
            classes: Names of the C classes, in the order of their 0-based numbers.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: There is no class, or a class is listed twice.
        """
        super().__init__(**metric_options)
        if not classes or len(set(classes)) < len(classes):
            raise ConfigError(f"classes: expected different names, at least one, got {list(classes)}")
        self.classes = tuple(classes)
        self.split: SplitIndex | None = None
        self._scores: ScoresT | None = None
        for name in self._empty_states():
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def attach(self, split: SplitIndex) -> None:
        """Store the split that the positions given to `update` belong to."""
        self.split = split

    @abstractmethod
    def score(self) -> ScoresT:
        """Compute everything from the gathered state; `compute` calls it once for a state."""

    @abstractmethod
    def layout(self, scores: ScoresT) -> dict[str, Any]:
        """Return this metric's part of metrics.json.

        Means are in a group named `<name>_map`, such as {"frame_map": {"0.5": x}}, AP by class in one named
        `<name>_ap`, such as {"frame_ap": {"0.5": {class: x}}}, fractions 0..1, the most usual key first. `rules` may
        hold a sentence for a group, to be shown beside its figures.

        Args:
            scores: What `score` returned.
        """

    def compute(self) -> dict[str, Tensor]:
        """Compute the means over all processes.

        Returns:
            {"frame_map/0.5": scalar}: the groups of means of `layout`, fractions 0..1; NaN where there is no ground
            truth.
        """
        self._scores = self.score()
        return {
            f"{group}/{key}": self._number(float("nan") if value is None else value)
            for group, means in mean_groups(self.layout(self._scores)).items()
            for key, value in means.items()
        }

    @property
    def scores(self) -> ScoresT:
        """What `score` returned for the present state.

        After `compute` it asks no other process; before it, all processes must ask for it.
        """
        self.compute()  # returns what it has kept, unless the state has changed
        return cast(ScoresT, self._scores)

    def report(self) -> dict[str, Any]:
        """Return this metric's part of metrics.json, see `layout`; processes: as for `scores`."""
        return self.layout(self.scores)

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return the AP of each class by threshold or rule: the first group of AP by class of `report`.

        Returns:
            {"0.5": {class: fraction 0..1}}, the most usual key first; NaN for a class without ground truth.
        """
        groups = class_groups(self.report())
        return cast(dict[str, dict[str, float]], next(iter(groups.values()), {}))

    def save_detections(self, folder: Path) -> Path | None:
        """Write the detections as a file that `yowo score` reads; processes: as for `scores`.

        Args:
            folder: Where to write.

        Returns:
            The file; None for a metric that keeps no such detections.

        Raises:
            YowoError: It cannot be written.
        """
        return None

    def details(self) -> ScoreDetails:
        """Return what a page shows beyond the figures of `report`: nothing here; processes: as for `scores`."""
        return ScoreDetails()

    def reset(self) -> None:
        """Forget the state and what was computed from it."""
        super().reset()
        self._scores = None

    def update(
        self,
        indices: Sequence[int],
        detections: Sequence[Detections],
        targets: Sequence[Target],
        sizes: Sequence[tuple[int, int]],
    ) -> None:
        """Add a batch of B key frames.

        Args:
            indices: B positions of the key frames in their split; detections of equal scores are ranked by them.
            detections: B dicts; `boxes` float [N, 4], 0..1, with `scores` [N] and `labels` [N], or `scores` [N, C].
            targets: B dicts; `boxes` float [N, 4], 0..1, with `labels` [N] or [N, C].
            sizes: B widths and heights in pixels that the protocol counts boxes in.

        Raises:
            YowoError: Detections are NaN or infinite, or do not fit the classes; the message names the key frame.
            AnnotationError: Ground truth is NaN or infinite, or does not fit the classes; the message names the key
                frame.
        """
        found: list[BoxRows] = []
        truth: list[BoxRows] = []
        frames = []
        for index, detected, target, (width, height) in zip(indices, detections, targets, sizes, strict=True):
            where = f"key frame {int(index)}"
            found.append(self._detected(detected, where))
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

    def _detected(self, detections: Detections, where: str) -> BoxRows:
        """Lay out the detections of a key frame as the rows that are kept."""
        return detection_rows(detections, len(self.classes), where)

    def sync(self, *args: Any, **kwargs: Any) -> None:
        """Gather the states of all processes; a process without key frames sends empty tensors of the right dtype."""
        for name, empty in self._empty_states().items():
            state = getattr(self, name)
            if isinstance(state, list) and not state:
                state.append(empty)
        super().sync(*args, **kwargs)

    def _empty_states(self) -> dict[str, Tensor]:
        """Return each state without key frames; `frames` has index, width, height, detections, ground truths."""
        return {
            "frames": torch.zeros((0, 5), dtype=torch.int64, device=self.device),
            "detection_boxes": torch.zeros((0, 4), device=self.device, dtype=torch.float32),
            "detection_labels": torch.zeros(0, dtype=torch.int64, device=self.device),
            "detection_scores": torch.zeros(0, device=self.device, dtype=torch.float32),
            "target_boxes": torch.zeros((0, 4), device=self.device, dtype=torch.float32),
            "target_labels": torch.zeros(0, dtype=torch.int64, device=self.device),
        }

    def _gathered(self) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[str, NDArray[Any]]]:
        """Return `frames` int64 [f, 5], a mask bool [f] that keeps each index once, and the other states as arrays."""
        arrays = {}
        for name, empty in self._empty_states().items():
            state: list[Tensor] | Tensor = getattr(self, name)
            whole = state if isinstance(state, Tensor) else dim_zero_cat(state or [empty])
            arrays[name] = whole.cpu().numpy()
        frames = arrays.pop("frames")
        _, first = np.unique(frames[:, 0], return_index=True)
        kept = np.zeros(len(frames), dtype=np.bool_)
        kept[first] = True
        return frames, kept, arrays

    def _number(self, value: float) -> Tensor:
        """Return a number as a scalar tensor, float64 where the device has it."""
        exact = torch.float32 if self.device.type == "mps" else torch.float64
        return torch.tensor(value, dtype=exact, device=self.device)


def spread(
    frames: NDArray[np.int64], counts: NDArray[np.int64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float32]]:
    """Return index and size of the frame of each row, for rows of the kept frames.

    Args:
        frames: int64 [f, 5] as in the state.
        counts: int64 [f], number of rows of each frame.
        kept: bool [f].

    Returns:
        Index of the frame int64 [n], a mask bool over all rows that keeps n of them, and width, height, width, height
        in pixels, float32 [n, 4].
    """
    counted = np.repeat(kept, counts)
    own = np.repeat(np.arange(len(frames)), counts)[counted]
    return frames[own, 0], counted, frames[own][:, [1, 2, 1, 2]].astype(np.float32)
