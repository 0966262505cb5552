import pytest

from tests.make_data import project
from yowo.commands.data.check import run
from yowo.errors import DatasetError


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_a_sound_project_passes_and_shows_what_it_holds(tmp_path, capsys):
    run([str(project(tmp_path))])
    shown = capsys.readouterr().out
    assert "walk" in shown and "train (2 videos)" in shown and "0 errors" in shown


def test_an_error_is_shown_and_is_the_exit_code(tmp_path, capsys):
    project(tmp_path)
    with (tmp_path / "annotations.csv").open("a") as file:
        file.write("a,99,4,4,24,40,walk,1\n")
    with pytest.raises(SystemExit, match="1"):
        run([str(tmp_path)])
    shown = capsys.readouterr().out
    assert "frame number outside its video" in shown and "row 28" in shown and "1 errors" in shown


def test_warnings_alone_pass(tmp_path, capsys):
    boxes = {name: [(frame, (4, 4, 24, 40), "turn_left", "1") for frame in range(4)] for name in "ab"}
    run([str(project(tmp_path, boxes))])
    shown = capsys.readouterr().out
    assert "left/right class" in shown and "0 errors, 1 warnings" in shown


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="missing: annotations"):
        run([str(tmp_path)])
