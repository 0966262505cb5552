import pytest

from yowo.commands.reproduced_row import _cost, row_cost
from yowo.config.compose import compose_config
from yowo.reports.published import published_rows


def test_the_cost_of_a_row_is_counted_without_weights():
    cost = _cost(compose_config("train", ["model=yowo_plus", "dataset=ucf24"]))
    assert cost["parameters"] == 121_105_531 and cost["multiply_adds"] == pytest.approx(43.52e9, abs=5e6)


@pytest.mark.slow
def test_the_cost_of_a_network_with_a_memory_is_that_of_a_frame():
    row = next(row for row in published_rows() if row.name == "yowof_r18_ava_k16")
    assert row_cost(row) == {"parameters": 23_957_737, "multiply_adds": pytest.approx(4.979e9, abs=1e6)}
