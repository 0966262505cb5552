import io
import re

import pytest
from rich.console import Console
from rich.table import Table

from yowo.datasets.class_lists import class_names
from yowo.reports.narrow_tables import print_table
from yowo.reports.paper_table import as_table
from yowo.reports.published import published_rows
from yowo.reports.terminal_tables import score_tables

RULES = ("official", "official_every_4th", "released", "released_every_4th")
AVA = list(class_names("ava").values())
METRICS = {
    "protocol": "ava",
    "ava_map": dict.fromkeys(RULES, 0.2),
    "ava_ap": {rule: dict.fromkeys(AVA, 0.1234) for rule in RULES},
    "published": {"row": "yowo_plus_ava_k16", "ava_map": {"released_every_4th": 0.2}},
}


def printed(table, width):
    console = Console(width=width, file=io.StringIO())
    print_table(console, table)
    return console.file.getvalue()


def columns(text):
    """The text of each column of each block, with the lines of a wrapped cell joined."""
    found, block = [], []
    for line in [*text.splitlines(), "┏"]:
        if line.startswith(("┏", "+")) and block:
            found += [" ".join(" ".join(cells).split()) for cells in zip(*block, strict=True)]
            block = []
        if line.startswith(("┃", "│")):
            block.append(re.split("[┃│]", line)[1:-1])
    return found


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_score_tables_keep_every_head_and_class_name_whole(width):
    means, by_class = (printed(table, width) for table in score_tables(METRICS))
    assert all(len(line) <= width for line in (means + by_class).splitlines())
    assert all(f"│ {name} " in by_class for name in AVA)
    heads = ("AVA AP official", "AVA AP official every 4th", "AVA AP released", "AVA AP released every 4th")
    shown = columns(by_class)
    assert all(any(column.startswith(f"{head} 12.34") for column in shown) for head in heads)
    assert by_class.count("12.34") == len(AVA) * len(RULES) and "…" not in by_class + means
    for words in ("AVA mAP released every 4th", "yowo_plus_ava_k16 published", "its 50 best, frames with ground truth"):
        assert any(words in column for column in columns(means)), words


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("number", [1, 2])
def test_the_reports_tables_keep_every_system_and_figure(width, number):
    rows = [row for row in published_rows() if row.table == number]
    text = printed(as_table(rows, {}, number), width)
    assert all(len(line) <= width for line in text.splitlines()) and "…" not in text
    joined = " ".join(columns(text))
    assert all(" ".join(row.system.split()) in joined for row in rows)
    assert all(head in joined for head in ("system", "M parameters", "G multiply-adds", "FPS"))


def test_a_table_that_fits_is_left_as_it_is():
    table = Table("class", title="short")
    table.add_column("boxes", justify="right")
    table.add_row("run", "3")
    console = Console(width=80, file=io.StringIO())
    console.print(table)
    assert printed(table, 80) == console.file.getvalue()


def test_prose_that_does_not_fit_becomes_a_list():
    table = Table("name", "file", "use with", box=None, title="files")
    table.add_row("yowo_plus_ava_k32", "yowo_ava_v2.2_K32_21.6.pth", "model=yowo_plus dataset=ava dataset.clip_len=32")
    text = printed(table, 60)
    for cell in ("yowo_plus_ava_k32", "yowo_ava_v2.2_K32_21.6.pth", "model=yowo_plus dataset=ava"):
        assert cell in text
    assert text.splitlines()[0].strip() == "files" and max(map(len, text.splitlines())) <= 60


def test_a_name_that_is_wider_than_the_terminal_is_folded_and_not_cut():
    table = Table("class")
    table.add_column("boxes", justify="right")
    table.add_row("z" * 90, "7")
    text = printed(table, 60)
    assert text.count("z") == 90 and " 7 " in text and max(map(len, text.splitlines())) <= 60


def test_a_title_wider_than_its_table_stays_on_one_line():
    table = Table("class", title="/a/folder/with/a/long/name: 4 tracks")
    table.add_row("run")
    assert "/a/folder/with/a/long/name: 4 tracks\n" in printed(table, 60)
