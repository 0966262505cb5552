import io

import pytest
from rich.console import Console

from yowo.commands.network_table import info_table
from yowo.config.compose import compose_config
from yowo.reports.narrow_tables import print_table


@pytest.mark.parametrize("width", [60, 80, 120])
def test_parts_and_their_sum_can_be_read_at_every_width(width):
    table = info_table(compose_config("train", ["model=yowo_plus", "dataset=ucf24"]))
    console = Console(width=width, file=io.StringIO())
    print_table(console, table)
    shown = console.file.getvalue()
    names = ("backbone2d", "backbone3d", "fusion", "sum", "parameters", "multiply-adds", "output")
    assert all(word in shown for word in (*names, "121,105,531", "43.52 G", "2048 x 7 x 7"))
    assert max(map(len, shown.splitlines())) <= width
