"""The authors' golden cases of YOWOv2, loaded. The nano's are here, slimmed (tests/golden/README.md); others in ../shared."""

import json
import sys

import numpy as np
import pytest
import torch

import yowo
from tests import golden_cases
from tests.conftest import GOLDEN, SHARED

sys.path.insert(0, str(GOLDEN))
import weights_recipe_v2

NANO = "yowo_v2_nano_ucf24"


def _file(name):
    """Path of a golden file; skips the test where it is not at hand."""
    for folder in (GOLDEN, SHARED / "golden"):
        if (folder / "yowo_v2" / name).exists():
            return folder / "yowo_v2" / name
    return pytest.skip("needs the golden cases in ../shared, which are not part of the repository")


def numbers(case: str) -> tuple[dict, dict[str, torch.Tensor]]:
    """The case's JSON and arrays."""
    arrays = np.load(_file(f"{case}.npz"))
    facts = json.loads(_file(f"{case}.json").read_text())
    return facts, {k: torch.from_numpy(arrays[k]) for k in arrays.files}


def built(case: str) -> torch.nn.Module:
    """The case's network, with the recipe's weights under the authors' names."""
    entries = json.loads(_file(f"{case}_state_dict.json").read_text())
    state = {name: torch.from_numpy(weights_recipe_v2.tensor(name, tuple(shape))) for name, shape in entries}
    model, dataset = case.rsplit("_", 1)
    with golden_cases.unset_weights():
        network = yowo.build_model(model, dataset, 16)
    report = yowo.load_weights(network, {"model": state, "epoch": 7})
    assert not report.missing and not report.ignored
    return network


def clips(seed: int) -> torch.Tensor:
    """Two clips of 16 frames, 0..255."""
    return torch.from_numpy(weights_recipe_v2.clips(seed, 2, 16)) * 255


def targets(arrays: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """The case's boxes and labels."""
    labels = [arrays[f"target_labels_{i}"] for i in range(2)]
    return [
        {"boxes": arrays[f"target_boxes_{i}"], "labels": label if label.ndim == 2 else label.long()}
        for i, label in enumerate(labels)
    ]
