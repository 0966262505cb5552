import json

from yowo.commands.report import run
from yowo.reports.run_status import FAILED, ended, started, write_status


def test_table_csv_and_picture_are_written(tmp_path, capsys):
    for number, lr in enumerate(("1e-3", "1e-4")):
        folder = tmp_path / str(number)
        (folder / ".hydra").mkdir(parents=True)
        (folder / ".hydra" / "overrides.yaml").write_text(f"- optimizer.lr={lr}\n")
        (folder / "config.yaml").write_text("seed: 0\n")
        (folder / "metrics.json").write_text(json.dumps({"frame_map": {"0.5": 0.25 * (number + 1)}}))
    run([str(tmp_path), "--output", str(tmp_path / "out")])
    assert "optimizer.lr" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.md", "report.csv", "report.png"}
    (tmp_path / "0" / "run.json").write_text('{"cpu_ms_a_frame": 5.0}')
    run([str(tmp_path), "--output", str(tmp_path / "out")])
    assert (tmp_path / "out" / "report_speed.png").stat().st_size > 0


def test_runs_without_a_result_are_shown_with_their_reasons(tmp_path, capsys):
    write_status(tmp_path / "0", ended(started(), FAILED, "no data"))
    write_status(tmp_path / "1", started())
    run([str(tmp_path)])
    shown = capsys.readouterr().out
    assert "no data" in shown and "0 finished, 1 failed, 1 running" in shown
    assert "failed,no data" in (tmp_path / "report.csv").read_text()
    assert "| 0 |  | failed | no data |" in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "report.png").exists()
