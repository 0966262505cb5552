import pytest

from yowo.errors import ConfigError
from yowo.evaluation.thresholds import checked_thresholds


def test_thresholds_up_to_one_pass():
    assert checked_thresholds([0.05, 1]) == (0.05, 1)


@pytest.mark.parametrize("values", [[], [0.0], [0.5, 1.2], [float("nan")]])
def test_others_are_refused(values):
    with pytest.raises(ConfigError, match=r"iou: expected numbers above 0 up to 1"):
        checked_thresholds(values, "iou")
