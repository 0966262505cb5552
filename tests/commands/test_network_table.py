import io

import pytest
from rich.console import Console

from yowo.commands.network_table import comparison, network_info
from yowo.config.compose import compose_config
from yowo.models.cost import ModuleCost
from yowo.reports.narrow_tables import print_table


@pytest.mark.parametrize("width", [60, 80, 120])
def test_parts_and_their_sum_can_be_read_at_every_width(width):
    table, _ = network_info(compose_config("train", ["model=yowo_plus", "dataset=ucf24"]))
    console = Console(width=width, file=io.StringIO())
    print_table(console, table)
    shown = console.file.getvalue()
    names = ("backbone2d", "backbone3d", "fusion", "sum", "parameters", "multiply-adds", "output")
    assert all(word in shown for word in (*names, "121,105,531", "43.52 G", "2048 x 7 x 7"))
    assert max(map(len, shown.splitlines())) <= width


def compared(overrides, parameters, multiply_adds):
    return comparison(compose_config("train", overrides), ModuleCost("sum", parameters, multiply_adds, ()))


def test_a_published_cost_stands_beside_the_counted_one():
    assert compared(["model=yowo_v2_nano", "dataset=ucf24"], 3_521_393, 1_236_704_140) == [
        "published: 3.5 M parameters (3.52 counted, +0.6%), 1.3 G multiply-adds (1.24 counted, -4.9%)",
        "The published counts include batch norms.",
    ]
    figures, note = compared(["experiment=yowo_v2_medium_ucf24_k32"], 52_025_581, 13_547_196_208)
    assert "12.7 G multiply-adds (13.55 counted, +6.7%)" in figures and "12.7 G cannot be right" in note


def test_nothing_is_compared_with_the_cost_of_another_network():
    for changed in ("backbone2d=yolov8_n", "dataset.image_size=256", "dataset.clip_len=8"):
        (line,) = compared(["model=yowo_v3", "dataset=ucf24", changed], 1, 1)
        assert line.startswith("published: for other data, clips or parts") and "yowo_v3_ucf24" in line
    assert compared(["model=yowo_v3", "dataset=ucf24", "channels_last=true"], 1, 1)[0].startswith("published: 59.8 M")
    assert compared(["model=yowo_tiny", "dataset=ucf24"], 1, 1) == []


@pytest.mark.slow
def test_a_network_with_a_memory_also_has_the_cost_of_a_frame():
    table, lines = network_info(compose_config("train", ["model=yowof_r18", "dataset=ucf24"]))
    cells = [list(column.cells) for column in table.columns]
    assert cells[0][-2:] == ["sum", "one frame of a stream"] and cells[2][-2:] == ["71.05 G", "4.91 G"]
    assert lines[0] == "published: 4.9 G multiply-adds (4.91 counted, +0.3%)"
