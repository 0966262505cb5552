"""Prepares metrics at the start of an evaluation: resets them and attaches the split."""

from typing import Any, cast

from torchmetrics import MetricCollection

from yowo.data.datamodule import ClipDataModule, Stage
from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.split_index import SplitIndex


def start_metrics(metrics: MetricCollection, data: ClipDataModule | None, stage: Stage) -> None:
    """Reset the metrics, which an interrupted evaluation may have left filled, and attach the split.

    Args:
        metrics: `KeyFrameMetric`s by name.
        data: The data module with the split; None if the Trainer was given data loaders, for metrics without a split.
        stage: "val" or "test".
    """
    metrics.reset()
    if data is None:
        return
    keys = data.dataset(stage).key_frames
    split = SplitIndex(tuple(data.videos(stage)), keys.video, keys.frame, keys.seconds)
    for metric in metrics.values():
        cast(KeyFrameMetric[Any], metric).attach(split)
