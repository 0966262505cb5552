"""Real clips for an export: those that a file is checked on, those that quantisation sees, those that mAP counts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor
from torchmetrics import MetricCollection

from yowo.config.build import build_eval_transform
from yowo.config.build_training import build_datamodule, build_metric
from yowo.contracts import Detections, RawOutput, Target
from yowo.data.augment import EvalTransform
from yowo.data.clips import clip_indices
from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import ClipDataset
from yowo.progress import track
from yowo.training.split_metrics import start_metrics
from yowo.video.reader import open_video

CHECKED = 8
"""Clips that a file is checked on."""
Network = Callable[[Tensor], RawOutput]


def checked_clips(config: DictConfig) -> tuple[Tensor, str]:
    """Read the clips that a file is checked on.

    Args:
        config: Names `source`, or a data set whose held-out clips are taken.

    Returns:
        float [n, 3, K, H, W], normalised, n at most `CHECKED`; and where they are from.

    Raises:
        VideoError: The video cannot be read.
        DatasetError: The data set cannot be read.
    """
    transform = build_eval_transform(config)
    if config.source is not None:
        return _of_video(config, transform), Path(str(config.source)).name
    data = prepared_data(config)
    clips = [clip for clip, _, _ in samples(data.dataset("val"), transform, CHECKED)]
    return torch.cat(clips), f"the held-out videos of {config.dataset.name}"


def _of_video(config: DictConfig, transform: EvalTransform) -> Tensor:
    """Read clips at equal distances of a video; the first one begins with copies of the first frame."""
    with open_video(str(config.source), decoder=config.decoder.name) as reader:
        count = len(reader)
        ends = np.unique(np.linspace(0, count - 1, min(CHECKED, count)).astype(int))
        clips = []
        for end in ends.tolist():
            frames = clip_indices(end, count, config.dataset.clip_len, config.dataset.dilation)
            uint8 = torch.from_numpy(np.ascontiguousarray(reader.get_frames(frames.tolist()).transpose(0, 3, 1, 2)))
            clips.append(transform([uint8], [_nothing()])[0])
    return torch.cat(clips)


def prepared_data(config: DictConfig) -> ClipDataModule:
    """Build the data module of a configuration and have it check or generate its data."""
    data = build_datamodule(config)
    data.prepare_data()
    return data


def samples(
    dataset: ClipDataset, transform: EvalTransform, most: int | None
) -> Iterator[tuple[Tensor, int, tuple[Target, tuple[int, int]]]]:
    """Read clips at equal distances of a split.

    Args:
        dataset: The split.
        transform: Resizes and normalises.
        most: How many; None takes all.

    Yields:
        A clip, float [1, 3, K, H, W], its position in the split, and its ground truth and size for metrics.
    """
    count = len(dataset) if most is None else min(most, len(dataset))
    for position in np.unique(np.linspace(0, len(dataset) - 1, count).astype(int)).tolist():
        sample = dataset[position]
        clips, targets = transform([sample.frames], [sample.target])
        yield clips, position, (targets[0], sample.size)


def calibration_clips(config: DictConfig, data: ClipDataModule) -> Iterator[Tensor]:
    """Yield clips of the training split for quantisation, float [1, 3, K, H, W], without augmentation."""
    most = int(config.calibration_clips)
    for clip, _, _ in samples(data.dataset("train"), build_eval_transform(config), most):
        yield clip


def measured(
    config: DictConfig,
    data: ClipDataModule,
    rule: Callable[[RawOutput], list[Detections]],
    networks: dict[str, Network],
) -> dict[str, dict[str, float]]:
    """Measure networks on the same held-out key frames.

    Args:
        config: Names the metrics of a validation, and how many key frames at most (`eval_clips`).
        data: The data set.
        rule: Makes detections of raw output, as in evaluation.
        networks: By their names.

    Returns:
        For each network its figures by name, such as "frame_map/0.5", fractions 0..1.
    """
    metrics: dict[str, MetricCollection] = {name: build_metric(config, "val") for name in networks}
    for collection in metrics.values():
        start_metrics(collection, data, "val")
    dataset, most = data.dataset("val"), config.eval_clips
    total = len(dataset) if most is None else min(int(most), len(dataset))
    found = samples(dataset, build_eval_transform(config), most)
    for clips, position, (target, size) in track(found, "measuring mAP", total=total):
        for name, network in networks.items():
            for metric in metrics[name].values():
                cast(Any, metric).update([position], rule(network(clips)), [target], [size])
    return {
        name: {key: float(value) for key, value in collection.compute().items()} for name, collection in metrics.items()
    }


def _nothing() -> Target:
    return Target(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
