import errno
import json
import os

import pytest

from yowo.commands.archive.one_video import BEFORE, BUSY, DONE, FAILED, MOST_TRIES, finish_video, is_of_the_disk
from yowo.commands.archive.video_lock import locked
from yowo.commands.watch_source import Watched
from yowo.errors import ConfigError, VideoError, YowoError
from yowo.video.source_names import Source, SourceKind


@pytest.fixture
def video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"frames")
    return Source(SourceKind.FILE, str(tmp_path / "a.mp4"), "a")


def detects(source, folder):
    (folder / f"{source.name}.npz").write_text("rows")
    return Watched(300, 512, 4, 2, 0, [])


def raises(error):
    def detect(source, folder):
        detects(source, folder)
        raise error

    return detect


def never(source, folder):
    raise AssertionError("a finished video was detected on again")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_video_is_finished_once(tmp_path, video):
    out = tmp_path / "out"
    assert finish_video(out, video, detects) == ("a", DONE, "300 frames, 512 detections, 4 tubes", True)
    record = json.loads((out / "a_done.json").read_text())
    assert (record["frames"], record["source"], record["files"]) == (300, video.address, ["a.npz"])
    assert finish_video(out, video, never).state == BEFORE and names(out) == ["a.npz", "a_done.json"]


def test_a_changed_video_is_done_again(tmp_path, video):
    finish_video(tmp_path / "out", video, detects)
    (tmp_path / "a.mp4").write_bytes(b"more frames")
    assert finish_video(tmp_path / "out", video, detects).state == DONE


def test_a_video_that_cannot_be_read_is_a_failure_without_results_and_is_tried_again(tmp_path, video):
    out = tmp_path / "out"
    bad = finish_video(out, video, raises(VideoError(f"{video.address}: frame 7 is damaged")))
    assert bad == ("a", FAILED, "frame 7 is damaged", True)
    assert names(out) == ["a_failed.txt"]
    assert finish_video(out, video, detects).state == DONE and names(out) == ["a.npz", "a_done.json"]


def test_a_video_that_is_not_there_is_a_failure(tmp_path, video):
    (tmp_path / "a.mp4").unlink()
    found = finish_video(tmp_path / "out", video, never)
    assert found.state == FAILED and found.words == "there is no such video (No such file or directory)"


def test_an_unknown_error_is_a_failure_that_is_not_the_videos(tmp_path, video):
    found = finish_video(tmp_path / "out", video, raises(RuntimeError("shape\nmismatch")))
    assert found == ("a", FAILED, "RuntimeError: shape mismatch", False)


@pytest.mark.parametrize(
    "error", [ConfigError("linker"), YowoError("full"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt("now")]
)
def test_what_is_wrong_for_all_videos_ends_the_work_and_leaves_nothing(tmp_path, video, error):
    if isinstance(error, YowoError) and not isinstance(error, ConfigError):
        error.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(type(error), match=r"linker|full|now"):
        finish_video(tmp_path / "out", video, raises(error))
    assert names(tmp_path / "out") == []


def test_causes_in_a_ring_are_looked_at_once():
    one, other = VideoError("a"), OSError(errno.EIO, "b")
    one.__cause__, other.__cause__ = other, one
    assert not is_of_the_disk(one)
    other.errno = errno.EROFS
    assert is_of_the_disk(one)


def test_a_video_that_another_process_has_is_left_to_it(tmp_path, video):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out" / ".a.lock"):
        assert finish_video(tmp_path / "out", video, never).state == BUSY


def test_a_video_in_which_processes_die_fails_after_some_and_then_has_new_tries(tmp_path, video):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".a.lock").write_bytes(b"x" * MOST_TRIES)
    found = finish_video(tmp_path / "out", video, never)
    assert found.state == FAILED and found.words.startswith("3 processes were killed, or crashed, while")
    assert finish_video(tmp_path / "out", video, detects).state == DONE


def test_the_name_of_another_video_is_not_taken(tmp_path, video):
    finish_video(tmp_path / "out", video, detects)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.mp4").write_bytes(b"other frames")
    found = finish_video(tmp_path / "out", video._replace(address=str(tmp_path / "x" / "a.mp4")), never)
    assert found.state == FAILED and f"holds a of {video.address}; write this one to another folder" in found.words
