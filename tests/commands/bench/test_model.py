from yowo.commands.bench.model import run


def test_networks_are_timed_side_by_side(capsys, monkeypatch):
    monkeypatch.setattr("yowo.inference.speed.frames_per_second", lambda *args, **options: 12.5)
    monkeypatch.setattr("yowo.inference.speed.assignment_seconds", lambda *args, **options: 0.0031)
    run(["-m", "model=yowo_tiny", "dataset=motion", "dataset.clip_len=8,16"])
    shown = capsys.readouterr().out
    assert "K = 8" in shown and "K = 16" in shown and "12.50" in shown and "1.00" in shown
    assert "3.1" in shown


def test_help_has_examples(capsys):
    run(["--help"])
    assert "yowo bench model -m" in capsys.readouterr().out
