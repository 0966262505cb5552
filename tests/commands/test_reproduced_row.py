import pytest

from yowo.commands.reproduced_row import _cost
from yowo.config.compose import compose_config


def test_the_cost_of_a_row_is_counted_without_weights():
    cost = _cost(compose_config("train", ["model=yowo_plus", "dataset=ucf24"]))
    assert cost["parameters"] == 121_105_531 and cost["multiply_adds"] == pytest.approx(43.52e9, abs=5e6)
