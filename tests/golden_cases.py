"""The authors' golden cases, loaded."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest import mock

import numpy as np
import torch

from tests.conftest import GOLDEN

sys.path.insert(0, str(GOLDEN))
import weights_recipe

FOLDER = GOLDEN / "yowo_plus"
MODELS = {"yowo_plus_ucf24": "yowo_plus", "yowo_nano_ucf24": "yowo_nano", "yowo_plus_ava": "yowo_plus"}


@cache
def _values(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The recipe's tensor, made once: the cases share most of their entries, and 100 million numbers take seconds."""
    return torch.from_numpy(weights_recipe.tensor(name, shape))


@contextmanager
def unset_weights() -> Iterator[None]:
    """Leave the weights of convolutions unset: for networks that get all of them from a recipe."""
    convolution = torch.nn.modules.conv._ConvNd
    with (
        mock.patch.object(
            convolution, "reset_parameters", lambda self: torch.nn.init.constant_(self.weight, torch.nan)
        ),
        mock.patch.object(torch.nn.init, "kaiming_normal_", lambda weight, **how: weight),
    ):
        yield


def state_dict(case: str) -> dict[str, torch.Tensor]:
    """The recipe's weights by the authors' names."""
    entries = json.loads((FOLDER / f"{case}_state_dict.json").read_text())
    return {name: _values(name, tuple(shape)).clone() for name, shape in entries}


def clips(seed: int, frames: int = 16) -> torch.Tensor:
    return torch.from_numpy(weights_recipe.clips(seed, 2, frames))


def numbers(case: str) -> tuple[dict, dict[str, torch.Tensor]]:
    """The case's JSON and arrays."""
    arrays = np.load(FOLDER / f"{case}.npz")
    return json.loads((FOLDER / f"{case}.json").read_text()), {k: torch.from_numpy(arrays[k]) for k in arrays.files}


def targets(arrays: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    return [{"boxes": arrays[f"target_boxes_{i}"], "labels": arrays[f"target_labels_{i}"]} for i in range(2)]


def training_targets(seed: int) -> list[dict[str, torch.Tensor]]:
    """The targets of a step of the golden training: 1 and 3 boxes."""
    random = np.random.RandomState(seed + 100)
    out = []
    for count in (1, 3):
        size, centre = random.uniform(0.08, 0.75, (count, 2)), random.uniform(0.15, 0.85, (count, 2))
        boxes = np.clip(np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32), 0, 0.999)
        labels = random.randint(0, 24, count)
        out.append({"boxes": torch.from_numpy(boxes.astype(np.float32)), "labels": torch.from_numpy(labels)})
    return out


ORIGINAL = GOLDEN / "yowo_original"


def original_state_dict() -> dict[str, torch.Tensor]:
    """The recipe's weights by the names of the original YOWO's authors."""
    entries = json.loads((ORIGINAL / "yowo_ucf24_state_dict.json").read_text())
    return {name: _values(name, tuple(shape)).clone() for name, shape in entries}


def original(name: str) -> tuple[dict, dict[str, torch.Tensor]]:
    """JSON and arrays of a file of the original YOWO: yowo_ucf24 or loss_cases."""
    arrays = np.load(ORIGINAL / f"{name}.npz")
    return json.loads((ORIGINAL / f"{name}.json").read_text()), {k: torch.from_numpy(arrays[k]) for k in arrays.files}


def pixels(anchors_in_cells: list[float]) -> torch.Tensor:
    """Anchors [A, 2] in pixels from the authors' flat list in cells."""
    return torch.tensor(anchors_in_cells).reshape(-1, 2) * 32


def centred(boxes: torch.Tensor) -> torch.Tensor:
    """x1 y1 x2 y2 as centre and size."""
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], dim=1)
