"""Runs the data set and augmentation of the released pipeline from a checkout, on the clips of our benchmark."""

import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from yowo.data.dataset import ClipDataset
from yowo.errors import ConfigError
from yowo.video.reader import open_video

STUBS = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
"""Modules that are replaced if torchvision cannot be imported."""
BEST_QUALITY = 118
"""Lambda of ffmpeg's JPEG quality 1, the best one, which the released instructions use."""


def write_pictures(dataset: ClipDataset, chosen: Sequence[int], folder: Path) -> None:
    """Write the videos of some clips in the authors' layout: frames as JPEG of quality 1, label files and a list.

    Args:
        dataset: The data set.
        chosen: Positions of the clips; the list has the same order.
        folder: Folder to write to.
    """
    lines = []
    for index in chosen:
        key = dataset.key_frames[index]
        name = key.video if "/" in key.video else f"any/{key.video}"
        pictures, labels = folder / "rgb-images" / name, folder / "labels" / name
        if not pictures.is_dir():
            pictures.mkdir(parents=True)
            labels.mkdir(parents=True)
            with open_video(key.path, backend=key.backend) as reader:
                _write_jpegs(reader.get_frames(range(len(reader))), pictures)
        boxes = key.boxes_norm * np.array(key.size * 2)
        found = zip(key.labels.tolist(), boxes.tolist(), strict=True)
        rows = [f"{int(label) + 1} {' '.join(f'{value:.3f}' for value in box)}" for label, box in found]
        line = f"labels/{name}/{key.frame + 1:05d}.txt"
        (folder / line).write_text("\n".join(rows) + "\n")
        lines.append(line)
    (folder / "trainlist.txt").write_text("\n".join(lines) + "\n")


def _write_jpegs(frames: np.ndarray, folder: Path) -> None:
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.height, encoder.width = frames.shape[1:3]
    encoder.pix_fmt, encoder.time_base = "yuvj420p", Fraction(1, 25)
    encoder.options = {"qmin": "1", "qmax": "1", "strict": "unofficial"}
    encoder.global_quality = BEST_QUALITY
    for number, pixels in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuvj420p")
        picture.pts = number
        for packet in encoder.encode(picture):
            (folder / f"{number + 1:05d}.jpg").write_bytes(bytes(packet))


@contextmanager
def released_pipeline(checkout: Path, folder: Path, clip_len: int) -> Iterator[Any]:
    """Yield the released data set on a folder of frames, with its training augmentation at 224 x 224.

    If torchvision is not installed, the two of its functions that the checkout calls are replaced.

    Args:
        checkout: A checkout of yjh0410/PyTorch_YOWO.
        folder: The folder of `write_pictures`.
        clip_len: K, the number of frames of a clip.

    Yields:
        The data set.

    Raises:
        ConfigError: The checkout has no such data set.
    """
    if not (checkout / "dataset" / "ucf_jhmdb.py").is_file():
        raise ConfigError(f"--reference {checkout}: expected a checkout of yjh0410/PyTorch_YOWO with dataset/")
    before = dict(sys.modules)
    sys.path.insert(0, str(checkout))
    try:
        _stand_in()
        transforms, released = import_module("dataset.transforms"), import_module("dataset.ucf_jhmdb")
        yield released.UCF_JHMDB_Dataset(str(folder), "ucf24", 224, transforms.Augmentation(224), True, clip_len)
    finally:
        sys.path.remove(str(checkout))
        for name in set(sys.modules) - set(before):
            if name.split(".")[0] in ("dataset", "torchvision"):
                del sys.modules[name]


def _stand_in() -> None:
    modules = {name: types.ModuleType(name) for name in STUBS}
    functional: Any = modules[STUBS[2]]
    functional.to_tensor = lambda image: (
        torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float().div(255)
    )
    functional.normalize = lambda tensor, mean, std: (
        tensor.clone().sub_(torch.tensor(mean)[:, None, None]).div_(torch.tensor(std)[:, None, None])
    )
    modules[STUBS[0]].transforms = modules[STUBS[1]]  # type: ignore[attr-defined]
    modules[STUBS[1]].functional = functional  # type: ignore[attr-defined]
    try:
        import_module("torchvision.transforms.functional")
    except Exception:  # not installed, or built for another torch
        sys.modules.update(modules)
