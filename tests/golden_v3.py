"""The authors' golden case of YOWOv3, loaded; the case is slimmed, see tests/golden/README.md."""

import json
import sys

import numpy as np
import torch

from tests.conftest import GOLDEN

sys.path.insert(0, str(GOLDEN))
import weights_recipe_v2

FOLDER = GOLDEN / "yowo_v3"
CASE = "yowo_v3_n_shufflenetv2_ucf24"
MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


def numbers() -> tuple[dict, dict[str, torch.Tensor]]:
    """The case's JSON and arrays."""
    arrays = np.load(FOLDER / f"{CASE}.npz")
    return json.loads((FOLDER / f"{CASE}.json").read_text()), {k: torch.from_numpy(arrays[k]) for k in arrays.files}


def state_dict() -> dict[str, torch.Tensor]:
    """The recipe's weights by the authors' names."""
    entries = json.loads((FOLDER / f"{CASE}_state_dict.json").read_text())
    return {name: torch.from_numpy(weights_recipe_v2.tensor(name, tuple(shape))) for name, shape in entries}


def clips(seed: int) -> torch.Tensor:
    """Two clips of 16 frames, normalised."""
    return (torch.from_numpy(weights_recipe_v2.clips(seed, 2, 16)) - MEAN) / STD


def targets(rows: torch.Tensor) -> list[dict[str, torch.Tensor]]:
    """The case's targets [n, 1 + 4 + C] of two images."""
    of_image = [rows[rows[:, 0] == image] for image in range(2)]
    return [{"boxes": part[:, 1:5].contiguous(), "labels": part[:, 5:].argmax(dim=1)} for part in of_image]
