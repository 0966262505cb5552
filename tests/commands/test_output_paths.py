import errno
import os
import re
from pathlib import Path

import pytest

from yowo.commands import output_paths
from yowo.commands.output_paths import check_outputs, is_same_file
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    path = tmp_path / "videos" / "a.mp4"
    path.write_text("video")
    (tmp_path / "link.mp4").symlink_to(path)
    (tmp_path / "folder").symlink_to(path.parent)
    os.link(path, tmp_path / "hard.mp4")
    return path


def checked(output, **inputs):
    check_outputs({f"output={output}": output}, {f"{key}={path}": path for key, path in inputs.items()})


@pytest.mark.parametrize(
    "name", ["videos/a.mp4", "./videos/../videos/a.mp4", "link.mp4", "folder/a.mp4", "hard.mp4", "videos//a.mp4"]
)
def test_no_path_to_an_input_is_an_output(source, tmp_path, name):
    with pytest.raises(
        ConfigError, match=rf"^output={re.escape(str(Path(name)))}: this is source=.*a\.mp4 itself, which would"
    ):
        checked(Path(name), source=source)
    assert source.read_text() == "video"


def test_other_spellings_of_a_name_are_one_file_where_the_system_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(output_paths.sys, "platform", "darwin")
    assert is_same_file(tmp_path / "Caf\u00e9.csv", tmp_path / "cafe\u0301.CSV")
    monkeypatch.setattr(output_paths.sys, "platform", "linux")
    assert not is_same_file(tmp_path / "a.csv", tmp_path / "A.csv")


def test_a_file_of_an_input_folder_stays_unless_the_command_writes_such_files(source, tmp_path):
    (source.parent / "scores.html").write_text("")
    outputs = {"report": source.parent / "scores.html"}
    check_outputs(outputs, {"dataset.root": source.parent}, endings=(".html",))
    with pytest.raises(ConfigError, match=r"report: this would overwrite a file of dataset\.root"):
        check_outputs({"report": source}, {"dataset.root": source.parent}, endings=(".html",))
    check_outputs({"report": source.parent / "new.csv"}, {"dataset.root": source.parent})


def test_two_outputs_are_two_files(tmp_path):
    with pytest.raises(ConfigError, match=r"^--output: is the same file as --report; give them different names$"):
        check_outputs({"--output": tmp_path / "a.json", "--report": tmp_path / "b" / ".." / "a.json"}, {})


def test_what_cannot_be_written_is_named_and_nothing_is_left(source, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    for path, why in (
        (tmp_path / "videos", "is a folder"),
        (source / "x.mp4", r"cannot be written \(Not a directory\)"),
        (tmp_path / ("x" * 250 + ".mp4"), "a name is longer than"),
        (tmp_path / ("y" * 300) / "a.mp4", "cannot be written"),
    ):
        with pytest.raises(ConfigError, match=why):
            checked(path)
    checked(tmp_path / "new" / "folder" / "a.mp4")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("number", ["EROFS", "ENOSPC", "EACCES"])
def test_a_disk_that_takes_nothing_is_found_before(tmp_path, monkeypatch, number):
    def refuse(**options):
        code = getattr(errno, number)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(output_paths.tempfile, "TemporaryFile", refuse)
    with pytest.raises(ConfigError, match=r"^output=.*out\.mp4: cannot be written \(.+\); give another path$"):
        checked(tmp_path / "out.mp4")


def test_detect_and_eval_refuse_their_inputs(source, tmp_path):
    from yowo.commands.entry import detect
    from yowo.commands.entry import eval as evaluation

    (tmp_path / "a.csv").write_text("")
    register_checkpoint(None)
    typed = ["dataset=motion", "device=cpu"]
    for more, message in (
        ([f"source={source}", f"output={source}", "checkpoint=c.ckpt"], "this is source="),
        ([f"source={source}", "output=c.ckpt", "checkpoint=c.ckpt"], "this is checkpoint=c.ckpt itself"),
        ([f"source={tmp_path}/a.csv", f"output={tmp_path}/a.mp4", "checkpoint=c.ckpt"], "beside output="),
        ([f"source={source}", "output=b.xyz", "checkpoint=c.ckpt"], "name it .mp4, .mkv or .avi"),
    ):
        (tmp_path / "c.ckpt").write_text("")
        with pytest.raises(Exception, match=message):
            detect.check(compose_config("detect", [*typed, *more]))
    with pytest.raises(ConfigError, match=r"report=c\.ckpt: this is checkpoint=c\.ckpt itself"):
        evaluation.check(compose_config("eval", ["dataset=motion", "checkpoint=c.ckpt", "report=c.ckpt"]))
