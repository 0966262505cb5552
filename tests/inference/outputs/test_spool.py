import numpy as np
import pytest

from tests.inference.outputs.made_frames import names
from yowo.errors import YowoError
from yowo.inference.outputs import spool
from yowo.inference.outputs.spool import Spool

ROW = np.dtype([("who", "<i4"), ("what", "<f8", (2,))])


def rows(*who):
    made = np.zeros(len(who), ROW)
    made["who"] = who
    made["what"][:, 0] = np.arange(len(who))
    return made


def test_rows_come_back_in_their_order_and_by_who(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "BLOCK", 2)
    waiting = Spool(tmp_path / "new" / "a.npz", ROW)
    for part in (rows(3, 1, 3), rows(), rows(1, 2)):
        waiting.append(part)
    assert waiting.count == 5
    assert [block["who"].tolist() for block in waiting.blocks()] == [[3, 1], [3, 1], [2]]
    grouped = np.concatenate(list(waiting.grouped("who")))
    assert grouped["who"].tolist() == [1, 1, 2, 3, 3] and grouped["what"][:, 0].tolist() == [1, 0, 1, 0, 2]
    waiting.append(rows(4))
    assert sum(len(block) for block in waiting.blocks()) == 6
    waiting.close()
    assert names(tmp_path / "new") == []


def test_without_rows_there_is_nothing(tmp_path):
    waiting = Spool(tmp_path / "a.npz", ROW)
    assert list(waiting.blocks()) == list(waiting.grouped("who")) == []


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(YowoError, match=r"a\.npz: cannot be written \(.*\); free some space or write elsewhere$"):
        Spool(tmp_path / "file" / "a.npz", ROW)
