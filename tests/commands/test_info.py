import pytest

from yowo.commands.info import run
from yowo.errors import ConfigError


def test_every_part_and_the_sum_are_shown_for_each_model(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    run(["-m", "model=yowo_plus,yowo_nano", "dataset=ucf24"])
    shown = capsys.readouterr().out
    for text in ("121,105,531", "43.52 G", "72,784,295", "6.11 G", "backbone3d", "2048 x 7 x 7", "464 x 7 x 7"):
        assert text in shown, text
    assert "24 classes" in shown and "16 x 224 x 224" in shown


def test_help_lists_models_and_data_sets(capsys):
    run(["--help"])
    shown = capsys.readouterr().out
    assert "yowo_nano" in shown and "jhmdb21" in shown


def test_a_wrong_override_is_described():
    with pytest.raises(ConfigError, match=r"model=yolo: there is no such choice; choose one of yowo"):
        run(["model=yolo"])
