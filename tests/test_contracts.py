import numpy as np
import pytest

from yowo.contracts import KeyFrame, Level, Tube


def test_records_cannot_be_changed():
    key = KeyFrame("v", "v.mp4", "auto", 3, 9, (320, 240), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    with pytest.raises(AttributeError, match="cannot assign to field 'frame'"):
        key.frame = 4


def test_ground_truth_tubes_have_score_one():
    assert Tube(0, 0, np.zeros((2, 4), np.float32)).score == 1.0


def test_a_level_counts_its_predictions():
    level = Level(stride=16, rows=6, columns=8, per_cell=5)
    assert level.predictions == 240
    assert level == (16, 6, 8, 5)
