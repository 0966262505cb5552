"""docs/your-own-videos.md, followed literally: from an export of CVAT to detections on a video."""

import csv
import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.cvat_export import write_exports
from tests.end_to_end.running import typed
from yowo.config.compose import compose_config
from yowo.datasets.motion import Motion
from yowo.projects.table import TableRow, table_rows
from yowo.weights.registry import PUBLISHED

pytestmark = pytest.mark.long
PAGE = (ROOT / "docs" / "your-own-videos.md").read_text(encoding="utf-8")
NUM_VIDEOS = 6


def commands(*steps: int) -> list[str]:
    """The commands of the page's numbered steps."""
    sections = dict(re.findall(r"^## (\d)\. (.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    blocks = [block for step in steps for block in re.findall(r"```bash\n(.*?)```", sections[str(step)], re.DOTALL)]
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A user's folder after steps 2 to 5, and what each command printed."""
    folder = tmp_path_factory.mktemp("user")
    made = folder / "made"
    Motion(str(made), num_train=NUM_VIDEOS - 1, num_val=1, num_frames=16, num_val_frames=16, size=(64, 48)).prepare()
    table = (made / "annotations.csv").read_text()
    for number, path in enumerate(sorted((made / "videos").iterdir()), 1):
        table = table.replace(f"{path.stem},", f"street_{number:02},")
        path.rename(path.with_stem(f"street_{number:02}"))
    (made / "annotations.csv").write_text(table)
    write_exports(made, folder / "xml")
    (folder / "exports").mkdir()
    for path in (folder / "xml").iterdir():
        with zipfile.ZipFile(folder / "exports" / f"{path.stem}.zip", "w") as archive:
            archive.write(path, "annotations.xml")
    (made / "videos").rename(folder / "videos")
    printed = {command: typed(command, folder).stdout for command in commands(2, 3, 4, 5)}
    return folder, printed


def test_the_page_has_the_commands_of_every_step():
    verbs = [" ".join(command.split()[1:3]).split(" experiment")[0] for command in commands(2, 3, 4, 5)]
    assert verbs[:4] == ["data import", "data check", "data show", "data anchors"]
    assert [verb.split()[0] for verb in verbs[4:]] == ["train", "eval", "detect", "train"]


def test_the_import_keeps_every_box(followed):
    folder, _ = followed
    rows = [row for _, row in table_rows(folder / "data" / "mine" / "annotations.csv") if isinstance(row, TableRow)]
    made = [row for _, row in table_rows(folder / "made" / "annotations.csv") if isinstance(row, TableRow)]
    assert sorted((r.video, r.frame, r.box, r.label) for r in rows) == sorted(
        (r.video, r.frame, r.box, r.label) for r in made
    )
    names = {part: (folder / f"data/mine/splits/{part}.txt").read_text().split() for part in ("train", "val")}
    assert names["train"] and names["val"] and len(names["train"] + names["val"]) == NUM_VIDEOS


def test_the_samples_the_detector_its_report_and_its_detections_are_there(followed):
    folder, _ = followed
    assert (folder / "samples.png").stat().st_size > 1000
    for run in ("quick", "tuned"):
        metrics = json.loads((folder / "runs" / run / "metrics.json").read_text())
        assert 0 <= metrics["frame_map"]["0.5"] <= 1
        assert set(metrics["frame_ap"]["0.5"]) <= set((folder / "data/mine/dataset.yaml").read_text().split())
    assert "<svg" in (folder / "scores.html").read_text()
    seen = {path.suffix: path for path in (folder / "runs" / "seen").rglob("*") if path.is_file()}
    assert ".mp4" in seen and ".csv" in seen
    with seen[".csv"].open() as file:
        assert "frame" in next(csv.reader(file))


def test_the_second_detector_began_with_the_first_ones_weights(followed):
    _, printed = followed
    log = printed[commands(5)[-1]]
    assert "best.ckpt" in log and re.search(r"loaded", log)


@pytest.mark.parametrize("command", [c for c in commands(6) if c.startswith("yowo train")])
def test_the_commands_for_a_gpu_compose(command, followed):
    folder, _ = followed
    overrides = [word.replace("data/mine", str(folder / "data" / "mine")) for word in shlex.split(command)[2:]]
    config = compose_config("train", overrides)
    assert config.dataset.classes and config.weights.reset_head is True
    assert Path(config.weights.file).name in {one.file for one in PUBLISHED}


def test_the_weights_that_the_page_fetches_are_published():
    names = [command.split()[-1] for command in commands(6) if "weights fetch" in command]
    assert names and set(names) <= {one.name for one in PUBLISHED}
