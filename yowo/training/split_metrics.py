"""Metrics at the start of an evaluation: empty, and told which split it is over."""

from typing import Any, cast

from torchmetrics import MetricCollection

from yowo.data.datamodule import ClipDataModule, Stage
from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.split_index import SplitIndex


def start_metrics(metrics: MetricCollection, data: ClipDataModule | None, stage: Stage) -> None:
    """Forget what an earlier, interrupted evaluation left, and attach the split.

    Args:
        metrics: `KeyFrameMetric`s by name.
        data: Holds the split; None where loaders were given by hand, for metrics that need none.
        stage: "val" or "test".
    """
    metrics.reset()
    if data is None:
        return
    keys = data.dataset(stage).key_frames
    split = SplitIndex(tuple(data.videos()), keys.video, keys.frame, keys.seconds)
    for metric in metrics.values():
        cast(KeyFrameMetric[Any], metric).attach(split)
