import json

from yowo.commands.report import run


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
