"""A metric of one's own: one file and one yaml outside the package, and everything shows it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from yowo.config.build import build_detector
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config
from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.key_frame_metric import KeyFrameMetric, spread
from yowo.evaluation.metric_groups import usual_key
from yowo.evaluation.score_details import ClassRanking, ScoreDetails

TINY = [
    "dataset.num_train=2", "dataset.num_val=2", "dataset.num_frames=16", "dataset.num_val_frames=16", "dataset.num_workers=0",
    "dataset.key_frame_stride=4", "dataset.batch_size=4", "dataset.image_size=64",
]  # fmt: skip
YAML = """
val:
  point:
    _target_: tests.end_to_end.test_new_metric.PointMAP
    classes: ${dataset.classes}
test:
  point: ${metric.val.point}
test_frames: annotated
"""


class PointMAP(KeyFrameMetric):
    """AP where a detection is right if the centre of its box lies in a ground-truth box of its class that is free."""

    def score(self):
        frames, kept, rows = self._gathered()
        frame, counted, _ = spread(frames, frames[:, 3], kept)
        boxes, labels = rows["detection_boxes"][counted], rows["detection_labels"][counted]
        truth_frame, counted_truth, _ = spread(frames, frames[:, 4], kept)
        truth, truth_labels = rows["target_boxes"][counted_truth], rows["target_labels"][counted_truth]
        order = np.argsort(-rows["detection_scores"][counted], kind="stable")
        rankings = []
        for label, name in enumerate(self.classes):
            free, hits = np.flatnonzero(truth_labels == label).tolist(), []
            for row in order[labels[order] == label]:
                centre = (boxes[row, :2] + boxes[row, 2:]) / 2
                inside = [
                    t
                    for t in free
                    if truth_frame[t] == frame[row]
                    and (truth[t, :2] <= centre).all()
                    and (centre <= truth[t, 2:]).all()
                ]
                hits.append(bool(inside))
                free = [t for t in free if t not in inside[:1]]
            rankings.append(ClassRanking(name, np.array(hits, dtype=np.bool_), int((truth_labels == label).sum())))
        return rankings

    def layout(self, scores):
        ap = {
            r.name: average_precision(*precision_recall(r.hits, r.num_truth)) if r.num_truth else float("nan")
            for r in scores
        }
        return {
            "point_map": {"inside": float(np.nanmean(list(ap.values())))},
            "point_ap": {"inside": ap},
            "rules": {"point_map": "centre of the box inside the truth"},
        }

    def details(self):
        return ScoreDetails(about="points, not boxes", rankings=tuple(self.scores), ranking_rule="the rule of points")


@pytest.mark.long
def test_a_new_metric_is_one_file_and_one_yaml(tmp_path):
    config = compose_config("train", [*TINY, "metric=video"])
    torch.manual_seed(0)
    detector = build_detector(config)
    torch.save({"state_dict": detector.state_dict(), "yowo": {"config": portable(config)}}, tmp_path / "m.ckpt")
    (tmp_path / "mine" / "metric").mkdir(parents=True)
    (tmp_path / "mine" / "metric" / "point.yaml").write_text(YAML)
    done = subprocess.run(
        [sys.executable, "-m", "yowo", "eval", "checkpoint=m.ckpt", "metric=point", "trainer=cpu", "report=page.html",
         f"hydra.searchpath=[file://{tmp_path / 'mine'}]", "postprocess.score_threshold=0.0", "hydra.run.dir=run"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 < metrics["point_map"]["inside"] < 1 and "frame_map" not in metrics
    assert len(metrics["point_ap"]["inside"]) == 8 and usual_key(metrics["point_ap"]) == "inside"
    percent = f"{100 * metrics['point_map']['inside']:.2f}"
    for words in ("point-mAP@inside", percent, "centre of the box inside the truth", "point AP@inside", "move_left"):
        assert words in done.stdout
    assert (tmp_path / "run" / "frame_ap.png").stat().st_size > 5000
    page = (tmp_path / "page.html").read_text()
    for words in (
        "point-mAP@inside",
        percent,
        "points, not boxes",
        "by the rule of points",
        "<th>point AP@inside</th>",
    ):
        assert words in page
    assert "Kinds of errors" not in page and "detections:" not in done.stdout
