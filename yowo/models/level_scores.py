"""YOWOv2's rule for detections: the best of each level, suppressed together."""

from dataclasses import dataclass

import torch
from torch import Tensor

from yowo.boxes.nms import nms_entries
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, best_only, boxes_norm
from yowo.precision import in_full_precision, widened


@dataclass(frozen=True)
class LevelScores(DetectionRule):
    """YOWOv2's rule: the score of a class is the root of confidence times class probability, both sigmoids.

    One-hot labels: of each level the `top_k` best pairs of box and class, of these those above the threshold; levels
    joined, suppressed class by class. Multi-hot: of each level the `top_k` most confident boxes, of these those whose
    confidence is above the threshold; suppressed over all classes in the order of confidence. Boxes are clipped to the
    picture afterwards.

    Of equal scores `torch.sort` says which a level gives, and the last one suppresses the others, as in the released
    program: it matters where a network is so sure that many scores are exactly 1.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores (multi-hot: confidences) must be above it, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Taken from each level before suppression; None takes all.
        max_detections: Most detections of a clip after suppression; None keeps all.
        class_agnostic_nms: Whether boxes are reported with their best class only and suppress each other over all
            classes, so that a person has one box; one-hot only.
    """

    confidence = "needed"
    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 40
    max_detections: int | None = None
    class_agnostic_nms: bool = False

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip, best first."""
        confidence, classes = raw["conf"].float().sigmoid(), raw["cls"].float().sigmoid()
        scores = (confidence * classes).sqrt()
        boxes = boxes_norm(raw, clipped=False)
        one_hot = self.exclusive_classes == scores.shape[-1]
        single = best_only(scores) if self.class_agnostic_nms else scores
        ranked = single if one_hot else confidence
        entries = self._best_of_levels(ranked, [level.predictions for level in raw["levels"]], by_sorting=one_hot)
        corners = widened(raw["boxes"].detach()).cpu().numpy()  # suppressed in pixels, as in the released program
        out = []
        for clip, (entry, own) in enumerate(zip(entries, ranked.flatten(1), strict=True)):
            entry = entry[own[entry] > self.score_threshold]
            entry = entry[_falling(own[entry], stable=one_hot)]
            row, label = entry // ranked.shape[-1], entry % ranked.shape[-1]
            groups = label.cpu().numpy() if one_hot and not self.class_agnostic_nms else None
            kept = nms_entries(corners[clip], row.cpu().numpy(), groups, self.nms_threshold)[: self.max_detections]
            place = torch.from_numpy(kept).to(entry.device)
            row, best = row[place], own[entry[place]]
            found = Detections(boxes=boxes[clip, row].clamp(0, 1), scores=best if one_hot else scores[clip, row])
            out.append(Detections(**found, labels=label[place]) if one_hot else Detections(**found, confidence=best))
        return out

    def _best_of_levels(self, ranked: Tensor, sizes: list[int], by_sorting: bool) -> Tensor:
        """Return int64 [B, n], the entries of [B, M, X], flattened, that each level gives; M is the sum of `sizes`.

        Of equal entries those that a sort, or else `torch.topk`, takes: the released program has both.
        """
        if self.top_k is None:
            return torch.arange(ranked[0].numel(), device=ranked.device).expand(len(ranked), -1)
        width, start, taken = ranked.shape[-1], 0, []
        for part, size in zip(torch.split(ranked, sizes, dim=1), sizes, strict=True):
            values = part.flatten(1)
            most = min(self.top_k, size)
            best, order = values.topk(min(most + by_sorting, values.shape[1]), dim=1)
            if by_sorting and (best[:, 1:] == best[:, :-1]).any():
                order = values.argsort(dim=1, descending=True)
            taken.append(order[:, :most] + start * width)
            start += size
        return torch.cat(taken, dim=1)


def _falling(values: Tensor, stable: bool) -> Tensor:
    """Return int64 [n], the order of falling values [n]; of equal ones the last first if it is to be stable."""
    rising = values.detach().cpu().numpy().argsort(kind="stable" if stable else None)
    return torch.from_numpy(rising[::-1].copy()).to(values.device)
