import csv
import io
import json
import math

import pytest

from yowo.errors import YowoError
from yowo.reports.run_table import as_csv, as_markdown, find_runs, tabulate


def make_run(folder, seed, frame_map, *overrides, seconds=None):
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(f"seed: {seed}\nmodel:\n  name: tiny\nloss:\n  weight: {len(overrides)}\n")
    (folder / "metrics.json").write_text(json.dumps({"frame_map": {"0.5": frame_map}, "video_map": {"0.5": None}}))
    if overrides:
        (folder / ".hydra").mkdir()
        lines = [f"- {line}" for line in (*overrides, f"seed={seed}")]
        (folder / ".hydra" / "overrides.yaml").write_text("\n".join(lines) + "\n")
    if seconds is not None:
        (folder / "run.json").write_text(json.dumps({"seconds": seconds, "parameters": 2_500_000}))


@pytest.fixture
def sweep(tmp_path):
    for number, (assigner, seed, score) in enumerate(
        [("yowo", 0, 0.5), ("yowo", 1, 0.7), ("anchor_iou", 0, 0.8), ("anchor_iou", 1, 0.8)]
    ):
        overrides = (f"assigner={assigner}", "+trainer.max_epochs=1", f"hydra.sweep.dir=x{number}")
        make_run(tmp_path / str(number), seed, score, *overrides, seconds=60 * (number + 1))
    make_run(tmp_path / "10", 2, 0.3, "assigner=anchor_iou", "trainer.max_epochs=1")
    return tmp_path


def test_runs_that_differ_in_their_seed_share_a_row(sweep):
    table = tabulate(find_runs([sweep]))
    assert table.keys == ("assigner",) and table.names == ("frame-mAP@0.5",)
    assert [(row.settings, len(row.runs)) for row in table.rows] == [(("yowo",), 2), (("anchor_iou",), 3)]
    first = table.rows[0]
    assert first.mean("frame-mAP@0.5") == pytest.approx(60) and first.spread("frame-mAP@0.5") == pytest.approx(
        14.142, abs=1e-3
    )
    assert first.mean("seconds") == pytest.approx(90) and first.mean("parameters") == 2.5
    assert math.isnan(first.mean("video-mAP@0.5"))


def test_markdown_has_means_with_their_spread(sweep):
    lines = as_markdown(tabulate(find_runs([sweep]))).splitlines()
    assert lines[0] == "| assigner | runs | frame-mAP@0.5 % | minutes | M parameters |"
    assert lines[2] == "| yowo | 2 | 60.00 ± 14.14 | 1.5 | 2.50 |"


def test_csv_has_a_line_a_run(sweep):
    rows = list(csv.DictReader(io.StringIO(as_csv(tabulate(find_runs([sweep]))))))
    assert len(rows) == 5 and rows[0]["state"] == "done" and rows[0]["assigner"] == "yowo" and rows[0]["seed"] == "0"
    assert float(rows[1]["frame-mAP@0.5"]) == pytest.approx(70) and rows[4]["seconds"] == ""


def test_a_new_group_of_figures_gets_columns_without_an_edit(tmp_path):
    make_run(tmp_path / "a", 0, 0.5)
    metrics = {
        "point_map": {"near": 0.5, "far": 1.0},
        "frame_map": {"0.5": 0.25, "0.75": 0.1},
        "ava_map": {"released": 1},
    }
    (tmp_path / "a" / "metrics.json").write_text(json.dumps(metrics))
    table = tabulate(find_runs([tmp_path]))
    assert table.names == ("frame-mAP@0.5", "point-mAP@near", "point-mAP@far")
    assert table.rows[0].mean("point-mAP@near") == 50


def test_without_overrides_configurations_are_compared(tmp_path):
    make_run(tmp_path / "a", 0, 0.5)
    make_run(tmp_path / "b", 0, 0.6)
    (tmp_path / "b" / "config.yaml").write_text("seed: 0\nmodel:\n  name: nano\nloss:\n  weight: 0\n")
    table = tabulate(find_runs([tmp_path / "a", tmp_path / "b"]))
    assert table.keys == ("model.name",) and [row.settings for row in table.rows] == [("tiny",), ("nano",)]


def test_folders_without_runs_are_named(tmp_path):
    with pytest.raises(YowoError, match=r"nowhere: there is no such folder of runs"):
        find_runs([tmp_path / "nowhere"])
    with pytest.raises(YowoError, match=r"no finished run is in it"):
        find_runs([tmp_path])
    make_run(tmp_path / "a", 0, 0.5)
    (tmp_path / "a" / "metrics.json").write_text("{")
    with pytest.raises(YowoError, match=r"a: a file of the run cannot be read"):
        find_runs([tmp_path])


def test_runs_that_timed_detection_have_a_column_for_it(sweep):
    assert "CPU ms a frame" not in as_markdown(tabulate(find_runs([sweep])))
    for number, time in ((0, 4.0), (1, 6.0)):
        record = json.loads((sweep / str(number) / "run.json").read_text())
        (sweep / str(number) / "run.json").write_text(json.dumps({**record, "cpu_ms_a_frame": time}))
    table = tabulate(find_runs([sweep]))
    lines = as_markdown(table).splitlines()
    assert lines[0].endswith("| M parameters | CPU ms a frame |") and lines[2].endswith("| 2.50 | 5.00 ± 1.41 |")
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    assert [row["cpu_ms_a_frame"] for row in rows] == ["4.0", "6.0", "", "", ""]
