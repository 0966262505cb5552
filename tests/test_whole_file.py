import errno
import os

import pytest

from yowo.errors import YowoError
from yowo.whole_file import disk_errors, growing_file, whole_file


def test_the_file_is_there_when_the_block_has_ended(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with whole_file(path) as unfinished:
        unfinished.write_text("whole")
        assert not path.exists()
        assert unfinished.suffix == ".txt"
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_after_an_error_the_old_file_stays_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise KeyError("interrupted")

    with pytest.raises(KeyError, match="interrupted"):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(YowoError, match=r"file.x\.txt: cannot be written \(.+\): choose another path"),
        whole_file(tmp_path / "file" / "x.txt"),
    ):
        pass


def test_a_growing_file_keeps_what_is_written_after_an_error_and_the_earlier_one_too(tmp_path):
    def write_half(text):
        with growing_file(tmp_path / "new" / "rows.csv") as growing:
            growing.write_text(text)
            raise KeyError("interrupted")

    for text in ("first", "second"):
        with pytest.raises(KeyError, match="interrupted"):
            write_half(text)
    found = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert found == {"rows.csv": "first", "rows.unfinished.csv": "second"}
    with growing_file(tmp_path / "new" / "rows.csv") as growing:
        growing.write_text("third")
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == {"rows.csv": "third"}


def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "rename", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, real=real, name=name: (done.append(name), real(*given))[1])
    with whole_file(tmp_path / "metrics.json") as unfinished:
        unfinished.write_text("{}")
    assert [name for name in done if name != "rename"] == ["fsync", "replace", "fsync"]


def test_a_pipe_gets_the_content(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(tmp_path / "pipe") as unfinished:
        unfinished.write_text("{}")
    assert os.read(reading, 10) == b"{}" and list(tmp_path.iterdir()) == [tmp_path / "pipe"]
    os.close(reading)


@pytest.mark.parametrize(("code", "ours"), [(errno.ENOSPC, True), (errno.EROFS, True), (errno.ENOENT, False)])
def test_errors_of_the_disk_are_one_line_and_others_stay(code, ours):
    message = r"x\.json: cannot be written \(.+\); free some space" if ours else "No such file"
    with pytest.raises(YowoError if ours else OSError, match=message), disk_errors():
        raise OSError(code, os.strerror(code), "x.json")
