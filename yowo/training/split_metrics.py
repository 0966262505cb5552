"""What an evaluation needs to know of the split: metrics get it at the start, and repeated clips are told apart."""

from typing import Any, cast

import lightning as L
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


def repeated(trainer: L.Trainer, positions: list[int], stage: Stage) -> list[bool]:
    """Return for each clip whether it only fills up the share of this process, and another process has it too.

    Lightning gives process r of n the clips r, r + n, ... and fills shares up to the same length from the beginning. A
    test whose clips share their frames gives each process a stretch of its own (`yowo.data.sliding`).

    Args:
        trainer: Knows the processes; without a data module of ours, clips are not told apart.
        positions: Position of each clip in the split.
        stage: "val" or "test".
    """
    data = getattr(trainer, "datamodule", None)
    ours = isinstance(data, ClipDataModule) and not (stage == "test" and data.slides)
    return [ours and position % trainer.world_size != trainer.global_rank for position in positions]
