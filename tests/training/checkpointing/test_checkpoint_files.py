import errno
import logging
import os
import subprocess
import sys
import time

import pytest
import torch

from yowo.errors import YowoError
from yowo.training.checkpointing import checkpoint_files
from yowo.training.checkpointing.checkpoint_files import (
    ENDING,
    KEEP,
    LAST,
    WholeCheckpointIO,
    damage,
    remove_unfinished,
    usable_checkpoint,
    write_checkpoint,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def number(path):
    return int(torch.load(path, weights_only=True)["number"])


def written(folder, count, keep=3):
    for step in range(count):
        write_checkpoint({"number": torch.tensor(step)}, folder / LAST, keep)
    return folder / LAST


def test_the_newest_ones_stay_in_a_row(tmp_path):
    written(tmp_path, 5)
    assert names(tmp_path) == ["last.1.ckpt", "last.2.ckpt", "last.ckpt"]
    assert [number(tmp_path / name) for name in ("last.ckpt", "last.1.ckpt", "last.2.ckpt")] == [4, 3, 2]
    write_checkpoint({"number": torch.tensor(9)}, tmp_path / LAST, keep=2)
    assert names(tmp_path) == ["last.1.ckpt", "last.ckpt"] and number(tmp_path / "last.1.ckpt") == 4


def test_a_file_system_without_hard_links_has_the_row_too(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    written(tmp_path, 4)
    assert [number(tmp_path / name) for name in ("last.ckpt", "last.1.ckpt", "last.2.ckpt")] == [3, 2, 1]
    assert len(names(tmp_path)) == 3


def test_there_is_a_whole_one_at_every_step_of_moving_on(tmp_path, monkeypatch):
    written(tmp_path, 2)
    seen = []
    for name in ("link", "replace", "rename"):
        real = getattr(os, name)

        def watched(*arguments, real=real):
            done = real(*arguments)
            seen.append(number(usable_checkpoint(tmp_path)))
            return done

        monkeypatch.setattr(os, name, watched)
    written(tmp_path, 1)
    assert len(seen) >= 3 and set(seen) <= {0, 1} and number(tmp_path / LAST) == 0


class Full(checkpoint_files._Noted):
    """A file on a disk with room for 100 bytes."""

    def write(self, data):
        if self._file.tell() + len(data) > 100:
            self.error = self.error or OSError(errno.ENOSPC, "No space left on device")
            raise self.error
        return super().write(data)


def test_a_full_disk_is_one_warning_and_the_one_before_stays(tmp_path, monkeypatch, caplog):
    files = WholeCheckpointIO()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_files, "_Noted", Full)
        with caplog.at_level(logging.WARNING):
            files.save_checkpoint({"number": torch.zeros(500)}, tmp_path / LAST)
        assert names(tmp_path) == [] and "there is none yet" in caplog.messages[0]
        patch.undo()
        files.save_checkpoint({"number": torch.tensor(1)}, tmp_path / LAST, {KEEP: 2})
        patch.setattr(checkpoint_files, "_Noted", Full)
        files.save_checkpoint({"number": torch.zeros(500)}, tmp_path / LAST, {KEEP: 2})
    expected = f"{tmp_path / LAST}: cannot be written (No space left on device); free some space"
    assert files.failure == expected and caplog.messages[1].startswith(f"{expected} (the one before stays")
    assert names(tmp_path) == ["last.ckpt"] and number(tmp_path / LAST) == 1
    files.save_checkpoint({"number": torch.tensor(2)}, tmp_path / LAST, {KEEP: 2})
    assert files.failure is None and names(tmp_path) == ["last.1.ckpt", "last.ckpt"]


def test_a_mistake_of_the_program_is_not_taken_for_the_disks(tmp_path):
    with pytest.raises(Exception, match="pickle"):
        WholeCheckpointIO().save_checkpoint({"number": lambda: 0}, tmp_path / LAST)
    assert names(tmp_path) == []


def test_what_killed_writers_left_is_removed_and_what_is_being_written_stays(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    here, dead = checkpoint_files._host(), process.pid
    left = [f".last.ckpt.{here}-{dead}{ENDING}", f".best.ckpt.{here}-{os.getpid()}{ENDING}"]
    left.append(f".last.ckpt.elsewhere-1{ENDING}")
    stays = [f".last.ckpt.{here}-{os.getppid()}{ENDING}", f".last.1.ckpt.elsewhere-2{ENDING}", f".notes{ENDING}"]
    for name in [*left, *stays, "last.ckpt"]:
        (tmp_path / name).write_text("")
    old = time.time() - 2 * checkpoint_files.ABANDONED
    os.utime(tmp_path / left[2], (old, old))
    assert sorted(path.name for path in remove_unfinished(tmp_path)) == sorted(left)
    assert names(tmp_path) == sorted([*stays, "last.ckpt"])
    assert remove_unfinished(tmp_path / "none") == []


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path):
    content = bytearray(path.read_bytes())
    place = content.index(b"\x07\x07\x07\x07")
    content[place] ^= 255
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(("harm", "words"), [(cut, "cut off"), (flip, "wrong check sum")])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path, caplog, harm, words):
    for step in range(2):
        write_checkpoint({"number": step, "weights": torch.full((64,), 7, dtype=torch.uint8)}, tmp_path / LAST, 2)
    assert usable_checkpoint(tmp_path) == usable_checkpoint(tmp_path / LAST) == tmp_path / LAST
    assert not caplog.messages
    harm(tmp_path / LAST)
    assert usable_checkpoint(tmp_path) == tmp_path / "last.1.ckpt"
    (message,) = caplog.messages
    assert message.startswith(f"{tmp_path / LAST} is damaged") and words in message and "last.1.ckpt is used" in message
    harm(tmp_path / "last.1.ckpt")
    with pytest.raises(
        YowoError, match=r"last\.ckpt: is damaged .*, and so are last\.1\.ckpt; give another checkpoint"
    ):
        usable_checkpoint(tmp_path)


def test_another_file_than_the_last_one_has_none_before_it(tmp_path):
    written(tmp_path, 2)
    (tmp_path / "best.ckpt").write_bytes(b"PK")
    with pytest.raises(YowoError, match=r"best\.ckpt: is damaged \(it is cut off or overwritten"):
        usable_checkpoint(tmp_path / "best.ckpt")


def test_a_folder_without_a_checkpoint_and_a_path_that_is_not_there_are_errors(tmp_path):
    with pytest.raises(YowoError, match=r"holds no checkpoint \(last\.ckpt\)"):
        usable_checkpoint(tmp_path)
    with pytest.raises(YowoError, match=r"there is no such file"):
        usable_checkpoint(tmp_path / "last.ckpt")
    (tmp_path / "last.ckpt").symlink_to(tmp_path)
    assert "cannot be read" in str(damage(tmp_path))
