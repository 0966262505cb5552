import errno
import os
import subprocess
import sys

import pytest

from yowo.commands.archive import video_lock
from yowo.commands.archive.video_lock import locked

HOLD = """
import sys
from pathlib import Path
from yowo.commands.archive.video_lock import locked
with locked(Path(sys.argv[1])) as lock:
    print(lock.tries, flush=True)
    sys.stdin.read()
"""


def holder(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def test_one_has_the_lock_and_leaves_no_file(tmp_path):
    path = tmp_path / ".a [1] é.lock"
    with locked(path) as lock:
        assert lock.tries == 0 and path.exists()
        with locked(path) as other:
            assert other is None
    assert not path.exists()
    with locked(path) as again:
        assert again.tries == 0


def test_an_error_in_the_block_ends_the_lock_too(tmp_path):
    with pytest.raises(ValueError, match="of the block"), locked(tmp_path / "a"):
        raise ValueError("of the block")
    assert not (tmp_path / "a").exists()


def test_another_process_keeps_it_until_it_is_killed_and_is_counted_then(tmp_path):
    path = tmp_path / "a"
    for tries in ("0", "1"):
        process, said = holder(path)
        assert said == tries
        with locked(path) as lock:
            assert lock is None
        process.kill()
        process.communicate()
    with locked(path) as lock:
        assert lock.tries == 2
    assert not path.exists()


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    """Between opening a file and locking it, who had it before may remove it: then two would have a lock."""
    path, original, removed = tmp_path / "a", video_lock._lock, []

    def late(file, name):
        if not removed:
            removed.append(name)
            path.unlink()
        return original(file, name)

    monkeypatch.setattr(video_lock, "_lock", late)
    with locked(path) as lock:
        assert lock is not None and path.exists() and removed
        with locked(path) as other:
            assert other is None


@pytest.mark.skipif(sys.platform == "win32", reason="other locks")
def test_on_a_disk_without_locks_everybody_works_after_one_warning(tmp_path, monkeypatch, caplog):
    def none(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", none)
    with locked(tmp_path / "a") as one, locked(tmp_path / "b") as other:
        assert one is not None and other is not None
    assert caplog.text.count("this disk has no locks") == 1
