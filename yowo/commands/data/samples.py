"""Chooses and draws samples of a data set, for `yowo data show`."""

from collections.abc import Sequence

import numpy as np
import torch

from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import ClipDataset
from yowo.data.key_frames import Split
from yowo.errors import DatasetError
from yowo.inference.drawing import Picture, draw_boxes

SPLITS: tuple[Split, ...] = ("train", "val")


def samples_of(data: ClipDataModule, split: Split) -> ClipDataset:
    """Return the samples of a split.

    Raises:
        DatasetError: The split has no annotated frame; the message names the other split if that has some.
    """
    try:
        return data.dataset(split)
    except DatasetError as error:
        other = next(name for name in SPLITS if name != split)
        if _annotated(data, split) or not _annotated(data, other):
            raise
        raise DatasetError(f"{error}. The {other} split has annotated videos: --split {other} shows them") from error


def _annotated(data: ClipDataModule, split: Split) -> int:
    """Return the number of annotated frames of a split; 0 if it has no videos."""
    try:
        return len(data.data.key_frames(split))
    except DatasetError:
        return 0


def one_of_each(dataset: ClipDataset, count: int, seed: int) -> list[int]:
    """Choose random key frames, taking one of each class in turn.

    Args:
        dataset: The samples.
        count: Number of key frames.
        seed: Seed of the choice.

    Returns:
        Positions in the split, sorted.
    """
    random = np.random.default_rng(seed)
    queues = [random.permutation(found).tolist() for found in dataset.key_frames.positions_of_classes() if len(found)]
    chosen: dict[int, None] = {}
    while len(chosen) < count and any(queues):
        for queue in queues:
            while queue and len(chosen) < count:
                position = queue.pop()
                if position not in chosen:
                    chosen[position] = None
                    break
    return sorted(chosen)


def drawn(dataset: ClipDataset, position: int, count: int, classes: Sequence[str]) -> list[tuple[Picture, str]]:
    """Draw evenly spread frames of a clip; only the key frame, the last one, has boxes.

    Args:
        dataset: The samples.
        position: Position of the key frame in the split.
        count: Number of frames.
        classes: Names of the classes in order.

    Returns:
        `count` pictures uint8 [h, w, 3], RGB, with their captions.
    """
    sample = dataset[position]
    key = dataset.key_frames[position]
    frames = sample.frames.permute(0, 2, 3, 1).numpy()
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)[:-1].tolist() if count > 1 else []
    nothing = torch.zeros((0, 4)), torch.zeros(0, dtype=torch.int64)
    found = [(draw_boxes(frames[place], *nothing, classes), "") for place in places]
    picture = draw_boxes(frames[-1], sample.target["boxes"], sample.target["labels"], classes)
    return [*found, (picture, f"{key.video}  {key.frame}")]
