import json
import math

import numpy as np
import pytest
import torch

from yowo.errors import YowoError
from yowo.reports.metrics_file import write_metrics

SCORES = {"run": 0.5, "swim": math.nan, "jump": 0.25}


def test_metrics_are_written_as_plain_json_with_null_for_nan(tmp_path):
    metrics = {
        "protocol": "ucf24",
        "num_key_frames": 12,
        "linker": None,
        "frame_map": {"0.5": torch.tensor(0.5, dtype=torch.float64)},
        "frame_ap": {"0.5": SCORES},
        "thresholds": (np.float64(0.25), np.array([math.nan, 1])),
    }
    write_metrics(tmp_path / "run" / "metrics.json", metrics)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == {
        "protocol": "ucf24",
        "num_key_frames": 12,
        "linker": None,
        "frame_map": {"0.5": 0.5},
        "frame_ap": {"0.5": {"run": 0.5, "swim": None, "jump": 0.25}},
        "thresholds": [0.25, [None, 1]],
    }


def test_metrics_that_json_cannot_hold_are_refused_by_their_key(tmp_path):
    path = tmp_path / "metrics.json"
    with pytest.raises(YowoError, match=r"metrics: frame_map\.0\.5: expected a number, got inf"):
        write_metrics(path, {"frame_map": {"0.5": math.inf}})
    with pytest.raises(YowoError, match=r"metrics: runs\[1\]: expected numbers, text, lists and dicts, got set"):
        write_metrics(path, {"runs": [1, {2}]})
    assert not path.exists()
