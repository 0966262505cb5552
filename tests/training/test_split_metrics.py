from types import SimpleNamespace

import numpy as np
import torch
from torch.utils.data import DistributedSampler
from torchmetrics import MetricCollection

from yowo.data.datamodule import ClipDataModule
from yowo.data.key_frames import AnnotatedVideo
from yowo.evaluation.frame_map import FrameMAP
from yowo.training.split_metrics import repeated, start_metrics


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


def test_each_clip_of_a_split_counts_for_one_process():
    """The sampler is the one that Lightning puts in."""
    ours = ClipDataModule(None, None, None, clip_len=8)
    for processes in (1, 2, 3):
        counted = []
        for rank in range(processes):
            share = list(DistributedSampler(range(7), processes, rank, shuffle=False))
            trainer = SimpleNamespace(datamodule=ours, world_size=processes, global_rank=rank)
            again = repeated(trainer, share, "val")
            counted += [position for position, left_out in zip(share, again, strict=True) if not left_out]
        assert sorted(counted) == list(range(7))
    assert repeated(SimpleNamespace(world_size=2, global_rank=0), [0, 1], "val") == [False, False]
    trainer = SimpleNamespace(datamodule=ours, world_size=2, global_rank=0)
    assert repeated(trainer, [0, 1], "test") == [False, False], "stretches have each clip once"
