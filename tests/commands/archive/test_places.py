import json
import os
from pathlib import Path

from yowo.commands.archive.places import Fingerprint, VideoPlace, earlier_place, fingerprint
from yowo.video.source_names import Source, SourceKind


def place(tmp_path, name="a", video="a.mp4"):
    path = tmp_path / video
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return VideoPlace(tmp_path / "out", Source(SourceKind.FILE, str(path), name))


def finished(where):
    now = fingerprint(Path(where.source.address))
    where.begin()
    (where.unfinished / where.name).parent.mkdir(parents=True, exist_ok=True)
    (where.unfinished / f"{where.name}.npz").write_text("rows")
    where.complete({"source": where.source.address, **now._asdict()})
    return now


def test_results_appear_with_their_record_and_nothing_unfinished_stays(tmp_path):
    where = place(tmp_path, "é [x]/a=1")
    assert where.known() is None
    now = finished(where)
    assert where.is_finished(now)
    files = sorted(path.name for path in (tmp_path / "out" / "é [x]").iterdir())
    assert files == ["a=1.npz", "a=1_done.json"]
    assert json.loads(where.record.read_text())["files"] == ["a=1.npz"]


def test_a_changed_video_or_a_damaged_record_is_not_finished(tmp_path):
    where = place(tmp_path)
    now = finished(where)
    assert not where.is_finished(Fingerprint(now.bytes + 1, now.mtime_ns))
    assert not where.is_finished(Fingerprint(now.bytes, now.mtime_ns + 1))
    where.record.write_text("[1")
    assert not where.is_finished(now)


def test_folders_of_crops_are_replaced_as_a_whole(tmp_path):
    where = place(tmp_path)
    old = tmp_path / "out" / "a_crops"
    old.mkdir(parents=True)
    (old / "of_before.png").touch()
    where.begin()
    (where.unfinished / "a_crops" / "person_1").mkdir(parents=True)
    (where.unfinished / "a_crops" / "person_1" / "0.png").touch()
    where.complete({})
    assert [path.name for path in old.rglob("*")] == ["person_1", "0.png"]


def test_what_a_killed_process_left_is_removed_first(tmp_path):
    where = place(tmp_path)
    where.begin()
    (where.unfinished / "a.npz").touch()
    where.begin()
    assert list(where.unfinished.iterdir()) == []


def test_a_video_that_had_a_shorter_name_in_a_shorter_list_is_finished(tmp_path):
    now = finished(place(tmp_path, "a", "x/y/a.mp4"))
    later = place(tmp_path, "x/y/a", "x/y/a.mp4")
    assert earlier_place(later, now).name == "a"
    other = place(tmp_path, "z/a", "z/a.mp4")
    os.utime(other.source.address, ns=(now.mtime_ns, now.mtime_ns))
    assert earlier_place(other, fingerprint(tmp_path / "z/a.mp4")) is None  # as large and as old, but another one


def test_a_name_that_belongs_to_another_video_is_told(tmp_path):
    finished(place(tmp_path, "a", "x/a.mp4"))
    other = place(tmp_path, "a", "y/a.mp4")
    assert other.other_video() == str(tmp_path / "x/a.mp4")
    (tmp_path / "x/a.mp4").unlink()  # it was moved
    assert other.other_video() is None


def test_a_folder_of_pictures_changes_with_its_pictures(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    before = fingerprint(folder)
    (folder / "1.jpg").touch()
    assert fingerprint(folder).bytes == before.bytes + 1


def test_the_reason_of_a_failure_stays_until_the_video_is_finished(tmp_path):
    where = place(tmp_path)
    where.fail("no frames")
    assert where.failure.read_text() == f"{tmp_path / 'a.mp4'}: no frames\n"
    finished(where)
    assert not where.failure.exists()
