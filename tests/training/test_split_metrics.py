from types import SimpleNamespace

import numpy as np
import torch
from torchmetrics import MetricCollection

from yowo.data.key_frames import AnnotatedVideo
from yowo.evaluation.frame_map import FrameMAP
from yowo.training.split_metrics import start_metrics


def test_metrics_start_empty_and_know_their_split():
    metrics = MetricCollection({"frame": FrameMAP(["run"])}, compute_groups=False)
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64), "scores": torch.zeros(0)}
    metrics.update([0], [nothing], [nothing], [(4, 4)])
    keys = SimpleNamespace(video=np.zeros(1, np.int64), frame=np.zeros(1, np.int64), seconds=None)
    data = SimpleNamespace(
        dataset=lambda part: SimpleNamespace(key_frames=keys),
        videos=lambda part: [AnnotatedVideo("v", "", 1, (4, 4), ())],
    )
    start_metrics(metrics, data, "test")
    assert metrics["frame"].frames == [] and metrics["frame"].split.videos[0].name == "v"
    start_metrics(metrics, None, "val")
    assert metrics["frame"].split is not None
