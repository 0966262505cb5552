"""What a metric of one's own gets from `KeyFrameMetric`."""

import numpy as np
import torch

from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.score_details import ScoreDetails


class Counter(KeyFrameMetric):
    """The number of detections for each class, and how often that was counted."""

    calls = 0

    def score(self):
        self.calls += 1
        _, _, rows = self._gathered()
        return np.bincount(rows["detection_labels"], minlength=len(self.classes))

    def layout(self, scores):
        by_class = dict(zip(self.classes, scores.tolist(), strict=True))
        return {
            "rule": "count",
            "count_map": {"all": float(scores.mean()), "none": None},
            "count_ap": {"all": by_class},
        }


def updated(metric, labels):
    boxes = torch.zeros(len(labels), 4)
    detections = {"boxes": boxes, "scores": torch.ones(len(labels)), "labels": torch.tensor(labels)}
    metric.update([metric._update_count], [detections], [{"boxes": boxes[:0], "labels": torch.zeros(0)}], [(10, 10)])
    return metric


def test_a_metric_logs_its_groups_of_means_and_offers_ap_by_class():
    metric = updated(Counter(["run", "jump"]), [0, 0, 1])
    assert metric.compute()["count_map/all"].item() == 1.5 and metric.compute()["count_map/none"].isnan()
    assert metric.per_class() == {"all": {"run": 2, "jump": 1}} and metric.report()["rule"] == "count"


def test_a_metric_scores_once_for_a_state():
    metric = updated(Counter(["run", "jump"]), [0, 0, 1])
    metric.compute(), metric.report(), metric.per_class(), metric.scores
    assert metric.calls == 1
    assert updated(metric, [1, 1]).scores.tolist() == [2, 3] and metric.calls == 2
    metric.reset()
    assert updated(metric, [1]).scores.tolist() == [0, 1]


def test_a_metric_need_not_save_detections_nor_offer_details(tmp_path):
    metric = updated(Counter(["run", "jump"]), [0])
    assert metric.save_detections(tmp_path) is None and not list(tmp_path.iterdir())
    assert metric.details() == ScoreDetails()
