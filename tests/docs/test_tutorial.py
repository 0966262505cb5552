"""docs/tutorial.md, followed as it stands but on a few videos and batches."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.pages import blocks, commands
from tests.end_to_end.running import typed

pytestmark = pytest.mark.long
PAGE = ROOT / "docs" / "tutorial.md"
SMALLER = (
    (r"dataset\.num_train=\d+", "dataset.num_train=4 dataset.num_frames=16 dataset.num_val_frames=16"),
    (r"dataset\.num_val=\d+", "dataset.num_val=1"),
    (r"motion_\d+x24", "motion_4x16"),
    (r"trainer\.limit_train_batches=\d+", "trainer.limit_train_batches=2"),
)
"""What makes the page's trainings short: other numbers for the same keys."""


def small(line: str) -> str:
    """A command of the page with smaller numbers."""
    for pattern, little in SMALLER:
        line = re.sub(pattern, little, line)
    return line


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> tuple[Path, str]:
    """A reader's folder after the whole page, and what was printed."""
    folder = tmp_path_factory.mktemp("reader")
    (backbone,) = [block.text for block in blocks(PAGE, "python") if "class SmallBackbone" in block.text]
    (folder / "small_backbone.py").write_text(backbone)
    printed = ""
    for _, line in commands(PAGE):
        printed += typed(small(line), folder).stdout
    return folder, printed


def test_the_files_that_the_tutorial_names_are_there(followed):
    folder, _ = followed
    run = folder / "runs" / "tutorial"
    table = re.search(r"^\| file \| content \|\n.*?\n(.*?)\n\n", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert table
    named = [name for row in table[1].splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(named) == 8 and not [name for name in named if not (run / name).is_file()]
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"frame_map", "video_map", "frame_ap"} <= set(metrics)
    for made in ("samples.png", "scores.html", "sweep/report.md", "sweep/report.csv", "sweep/report.png"):
        assert (folder / "runs" / made).stat().st_size
    assert list((folder / "runs" / "seen").glob("*.mp4")) and list((folder / "runs" / "seen").glob("*.csv"))


def test_the_own_backbone_is_what_was_trained(followed):
    folder, _ = followed
    config = (folder / "runs" / "own_backbone" / "config.yaml").read_text()
    assert "_target_: small_backbone.SmallBackbone" in config
    assert (folder / "runs" / "own_backbone" / "last.ckpt").is_file()


def test_the_report_has_a_row_for_each_setting(followed):
    folder, _ = followed
    rows = (folder / "runs" / "sweep" / "report.md").read_text()
    assert "anchor_iou" in rows and "yowo" in rows
