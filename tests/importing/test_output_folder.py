import shutil

import pytest

from tests.make_data import pictures, write_video
from yowo.errors import DatasetError
from yowo.importing.output_folder import check_output, check_space, whole_folder
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def place(tmp_path):
    """Videos, a folder of annotations, and a link to each."""
    write_video(tmp_path / "videos" / "a.mp4", pictures(2, 0))
    (tmp_path / "videos" / "shots").mkdir()
    (tmp_path / "videos" / "shots" / "0001.jpg").write_bytes(b"")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "a.xml").write_text("<annotations/>")
    (tmp_path / "link").symlink_to(tmp_path / "exports")
    (tmp_path / "films").symlink_to(tmp_path / "videos")
    return tmp_path


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("exports", "exports: is .*exports, which holds the annotations"),
        ("exports/out", "out: lies in .*exports, which holds the annotations"),
        ("link/deep/out", "out: lies in .*exports, which holds the annotations"),
        ("videos/../exports/out", "out: lies in .*exports"),
        ("videos", "videos: is the folder of the videos"),
        ("films", "films: is the folder of the videos"),
        ("films/shots", "shots: is .*videos/shots, which holds a video"),
        ("videos/shots/out", "out: lies in .*videos/shots, which holds a video"),
        ("videos/a.mp4", "a.mp4: is .*a.mp4, which holds a video"),
    ],
)
def test_no_input_is_written_onto(place, output, words):
    before = names(place)
    with pytest.raises(DatasetError, match=words):
        check_output(place / output, [place / "exports"], VideoFolder(place / "videos"))
    assert names(place) == before


def test_a_new_folder_and_an_empty_one_are_free_and_the_check_leaves_nothing(place):
    (place / "empty").mkdir()
    before = names(place)
    for output in ("empty", "new/deep/mine", "videos/mine"):
        check_output(place / output, [place / "exports"], VideoFolder(place / "videos"))
    assert names(place) == before


def test_projects_and_other_folders_are_kept(place):
    for name in ("annotations.csv", "thesis.txt"):
        (place / name.split(".")[0]).mkdir()
        (place / name.split(".")[0] / name).write_text("")
    with pytest.raises(DatasetError, match="already exists and is a project"):
        check_output(place / "annotations")
    with pytest.raises(DatasetError, match="already exists and is not empty"):
        check_output(place / "thesis")


def test_what_cannot_be_written_is_found_before_the_work(place):
    (place / "file").write_text("")
    for output in (place / "file" / "mine", "/proc/mine"):
        with pytest.raises(DatasetError, match="mine: cannot be written"):
            check_output(type(place)(output))


def test_copies_must_fit_on_the_disk(place, monkeypatch):
    check_space(place / "new" / "mine", [place / "videos"])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 99, 1))
    with pytest.raises(DatasetError, match=r"the videos need .* GB, .* GB are free; leave out --copy"):
        check_space(place / "new" / "mine", [place / "videos"])


@pytest.mark.parametrize("there", [False, True])
def test_an_interruption_leaves_nothing_and_success_the_whole_folder(place, there):
    target = place / "mine"
    if there:
        target.mkdir()
    before = names(place)
    with pytest.raises(KeyboardInterrupt, match="stop"), whole_folder(target) as unfinished:
        (unfinished / "annotations.csv").write_text("half")
        raise KeyboardInterrupt("stop")
    assert names(place) == before
    with whole_folder(target) as unfinished:
        (unfinished / "annotations.csv").write_text("whole")
    assert (target / "annotations.csv").read_text() == "whole"
    assert set(names(place)) == {*before, "mine", "mine/annotations.csv"}


def test_a_link_to_an_empty_folder_is_filled(place):
    (place / "store").mkdir()
    (place / "mine").symlink_to(place / "store")
    with whole_folder(place / "mine") as unfinished:
        (unfinished / "x").write_text("")
    assert (place / "mine").is_symlink() and (place / "store" / "x").exists()
