import pytest

from yowo.errors import YowoError
from yowo.whole_file import whole_file


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
