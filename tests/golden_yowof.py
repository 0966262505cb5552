"""The authors' golden cases of YOWOF, loaded; arrays are slimmed, see tests/golden/README.md."""

import json
import sys

import numpy as np
import torch

from tests.conftest import GOLDEN

sys.path.insert(0, str(GOLDEN))
import weights_recipe
import weights_recipe_yowof

FOLDER = GOLDEN / "yowof"
CLASSES = slice(None, None, 6)
"""Of the 24 classes those whose logits are stored."""
CHANNELS = slice(0, 4)
"""Of features and states."""
MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


def numbers(name: str) -> tuple[dict, dict[str, torch.Tensor]]:
    """JSON and arrays of a case: yowof_r18_ucf24 or loss_cases."""
    arrays = np.load(FOLDER / f"{name}.npz")
    return json.loads((FOLDER / f"{name}.json").read_text()), {k: torch.from_numpy(arrays[k]) for k in arrays.files}


def state_dict(case: str = "yowof_r18_ucf24") -> dict[str, torch.Tensor]:
    """The recipe's weights by the authors' names."""
    entries = json.loads((FOLDER / f"{case}_state_dict.json").read_text())
    return {name: torch.from_numpy(weights_recipe_yowof.tensor(name, tuple(shape))) for name, shape in entries}


def clips(seed: int, count: int = 2, frames: int = 16, size: int = 320) -> torch.Tensor:
    """Clips [count, 3, frames, size, size], normalised."""
    return (torch.from_numpy(weights_recipe.clips(seed, count, frames, size)) - MEAN) / STD


def targets(boxes: list, labels: list) -> list[dict[str, torch.Tensor]]:
    """Targets of a case from lists by clip; labels that are lists of classes become multi-hot rows of 80."""
    found = []
    for rows, own in zip(boxes, labels, strict=True):
        if own and isinstance(own[0], list):
            hot = torch.zeros(len(own), 80)
            for row, classes in zip(hot, own, strict=True):
                row[classes] = 1
        else:
            hot = torch.tensor(own, dtype=torch.int64)
        found.append({"boxes": torch.tensor(rows).reshape(-1, 4), "labels": hot})
    return found


def lonely(ours: torch.Tensor, theirs: torch.Tensor, limit: float = 1e-3) -> int:
    """How many rows of two tables have no equal in the other one, whatever their order."""
    distances = (ours[:, None] - theirs).abs().amax(dim=2)
    return int((distances.amin(dim=0) > limit).sum() + (distances.amin(dim=1) > limit).sum())
