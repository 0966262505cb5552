import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from tests.make_data import project
from yowo.commands.data.check import contents, findings, run
from yowo.errors import ConfigError, DatasetError
from yowo.projects.checks import ProjectReport
from yowo.reports.narrow_tables import print_table


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


def test_people_are_shown_in_pixels_of_the_input_that_training_uses(tmp_path, capsys):
    root = str(project(tmp_path))
    run([root])
    shown = capsys.readouterr().out
    assert "96 x 128" in shown and "224 x 224" in shown and "dataset.image_size=[96,128]" in shown
    run([root, "--image-size", "64x128"])
    assert "64 x 128" in capsys.readouterr().out
    run([root, "--experiment", "yowo_nano_ucf24", "--image-size", "[32, 64]"])
    shown = capsys.readouterr().out
    assert "32 x 64" in shown and "224 x 224" not in shown


def test_people_are_measured_at_the_size_of_an_experiment(tmp_path, capsys):
    root = str(project(tmp_path))
    run([root, "--experiment", "yowo_nano_ucf24"])
    shown = capsys.readouterr().out
    assert "224 x 224" in shown and "experiment=yowo_nano_ucf24" in shown


@pytest.mark.parametrize("size", ["100", "0", "a", "32x", "32x32x32", "-32", ""])
def test_a_size_that_is_none_is_refused(tmp_path, size):
    with pytest.raises(ConfigError, match=rf"--image-size {size}: expected a multiple of 32"):
        run([str(tmp_path), f"--image-size={size}"])


def test_an_experiment_that_is_none_is_refused_and_a_damaged_project_is_still_checked(tmp_path, capsys):
    root = project(tmp_path)
    with pytest.raises(ConfigError, match="experiment=mine: there is no such choice"):
        run([str(root), "--experiment", "mine"])
    (root / "annotations.csv").write_text("a,b,c\n")
    with pytest.raises(SystemExit, match="1"):
        run([str(root), "--experiment", "custom_quick"])
    assert "unreadable file" in capsys.readouterr().out


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="missing: annotations"):
        run([str(tmp_path)])


@pytest.mark.parametrize("width", [60, 80])
def test_findings_and_classes_can_be_read_on_narrow_terminals(width):
    name = "talk to (e.g., self, a person, a group) [x]"
    report = ProjectReport(videos={"train": ["a"], "val": ["b"]}, boxes={"train": Counter({name: 7}), "val": Counter()})
    report.add("error", "box outside of the picture", ["videos/a_very_long_name_of_a_video.mp4, frame 7"], "correct it")
    console = Console(width=width, file=io.StringIO())
    print_table(console, contents(report, Path("mine[1]")))
    print_table(console, findings(report))
    shown = console.file.getvalue()
    assert name in shown and "mine[1]" in shown and "…" not in shown
    joined = " ".join(shown.split())
    for words in ("train (1", "problem", "times", "what to do", "correct it", "error"):
        assert words in joined
