import json

from yowo.commands.eval import report


def test_the_report_is_a_table_a_file_and_a_picture(tmp_path, capsys):
    metrics = {"protocol": "ucf24", "frame_map": {"0.5": 0.5}, "frame_ap": {"0.5": {"run": 0.5, "jump": float("nan")}}}
    report(metrics, tmp_path, "best")
    shown = capsys.readouterr().out
    assert "run" in shown and "50.00" in shown
    assert json.loads((tmp_path / "metrics.json").read_text())["frame_ap"]["0.5"] == {"run": 0.5, "jump": None}
    assert (tmp_path / "frame_ap.png").stat().st_size > 1000
