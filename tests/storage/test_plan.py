import os
import shutil

import pytest

from yowo.errors import ConfigError, DatasetError
from yowo.storage.manifest import PreparedVideo, read_manifest, write_manifest
from yowo.storage.plan import lay_out, make_plan
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import MANIFEST

RECIPE = Recipe()


def files(root, **contents):
    """Write files whose names have `__` for `/` and `_dot_` for `.`."""
    for name, content in contents.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def folder(tmp_path):
    return files(
        tmp_path / "data", videos__a_dot_avi="aa", videos__far__b_dot_MP4="bbb", videos__n_dot_txt="n", notes__x="x"
    )


def record(folder, output, name, source):
    """Write a copy of a video and note it."""
    facts = (folder / source).stat()
    (output / name).parent.mkdir(parents=True, exist_ok=True)
    (output / name).write_text("copy")
    video = PreparedVideo(source, facts.st_size, facts.st_mtime_ns, (8, 8), (4, 4), 1, "", 4)
    known = read_manifest(output) if (output / MANIFEST).exists() else {}
    write_manifest(output, RECIPE, {**known, name: video})


def names(plan):
    return [job.name for job in plan.jobs]


def test_videos_are_copied_the_largest_first_and_all_else_is_linked(folder, tmp_path):
    plan = make_plan(folder, tmp_path / "out", RECIPE)
    assert names(plan) == ["videos/far/b.mp4", "videos/a.mp4"] and plan.kept == {}
    assert plan.jobs[0].source == folder / "videos" / "far" / "b.MP4"
    assert plan.jobs[0].source_name == "videos/far/b.MP4" and plan.jobs[0].bytes == 3
    assert {link.relative_to(tmp_path / "out").as_posix() for link, _ in plan.links} == {"videos/n.txt", "notes"}
    assert not (tmp_path / "out").exists()


def test_names_with_a_dot_in_front_and_links_to_nothing_are_left_out(folder, tmp_path):
    files(folder, _dot_hidden__c_dot_mp4="c", videos___dot_a_dot_mp4="a")
    (folder / "videos" / "gone.mp4").symlink_to("nothing.mp4")
    assert len(make_plan(folder, tmp_path / "out", RECIPE).jobs) == 2


def test_two_videos_that_would_get_the_same_name_are_an_error(folder, tmp_path):
    files(folder, videos__a_dot_mkv="a")
    with pytest.raises(
        DatasetError, match=r"a\.mkv: would get the same name as .*a\.avi; rename or remove one of them"
    ):
        make_plan(folder, tmp_path / "out", RECIPE)


def test_a_folder_without_videos_and_a_missing_folder_are_errors(tmp_path):
    with pytest.raises(DatasetError, match="none: expected a folder with videos; it does not exist"):
        make_plan(tmp_path / "none", tmp_path / "out", RECIPE)
    with pytest.raises(
        DatasetError, match=r"data: expected video files, of any kind .* here or in subfolders, found none"
    ):
        make_plan(files(tmp_path / "data", a_dot_txt="a"), tmp_path / "out", RECIPE)


@pytest.mark.parametrize("output", ["data", "data/out", "data/videos/far/out", ".", "data/../data/out", "linked/out"])
def test_an_output_within_or_around_the_input_is_refused(folder, tmp_path, output):
    (tmp_path / "linked").symlink_to(folder)
    with pytest.raises(
        ConfigError, match=r"--output .*: expected a folder that neither contains .*/data nor lies in it"
    ):
        make_plan(folder, tmp_path / output, RECIPE)


def test_foreign_files_in_the_output_are_left_alone(folder, tmp_path):
    files(tmp_path / "out", _dot_DS_Store="x")
    make_plan(folder, tmp_path / "out", RECIPE)
    files(tmp_path / "out", mine="x")
    with pytest.raises(ConfigError, match=r"out: contains other files; give a folder that is new, empty or from"):
        make_plan(folder, tmp_path / "out", RECIPE)
    with pytest.raises(ConfigError, match=r"mine: expected a folder, got a file"):
        make_plan(folder, tmp_path / "out" / "mine", RECIPE)


def test_prepared_storage_is_not_prepared_again(folder, tmp_path):
    write_manifest(folder, RECIPE, {})
    with pytest.raises(ConfigError, match=r"data: already contains prepared copies; give the folder of the originals"):
        make_plan(folder, tmp_path / "out", RECIPE)


def test_links_in_circles_end_and_other_linked_folders_are_followed(folder, tmp_path):
    (folder / "videos" / "far" / "up").symlink_to(folder / "videos")
    files(tmp_path / "disk", c_dot_mp4="c")
    (folder / "videos" / "disk").symlink_to(tmp_path / "disk")
    plan = make_plan(folder, tmp_path / "out", RECIPE)
    assert sorted(names(plan)) == ["videos/a.mp4", "videos/disk/c.mp4", "videos/far/b.mp4"]
    lay_out(plan, tmp_path / "out", RECIPE)
    assert not (tmp_path / "out" / "videos" / "disk").is_symlink()


def test_valid_copies_are_kept_and_others_are_made_again(folder, tmp_path):
    output = tmp_path / "out"
    for name, source in (("videos/a.mp4", "videos/a.avi"), ("videos/far/b.mp4", "videos/far/b.MP4")):
        record(folder, output, name, source)
    assert names(make_plan(folder, output, RECIPE)) == []
    os.utime(folder / "videos" / "a.avi", ns=(0, 0))
    assert names(make_plan(folder, output, RECIPE)) == ["videos/a.mp4"]
    (output / "videos" / "far" / "b.mp4").write_text("half of it")
    assert names(make_plan(folder, output, RECIPE)) == ["videos/far/b.mp4", "videos/a.mp4"]


def test_a_copy_whose_original_is_gone_stays(folder, tmp_path):
    record(folder, tmp_path / "out", "videos/a.mp4", "videos/a.avi")
    shutil.rmtree(folder / "videos")
    assert list(make_plan(folder, tmp_path / "out", RECIPE).kept) == ["videos/a.mp4"]


def test_another_recipe_is_refused(folder, tmp_path):
    record(folder, tmp_path / "out", "videos/a.mp4", "videos/a.avi")
    message = r"out: was prepared with short_side=256 gop=8 crf=23 preset=fast, not with short_side=256 gop=4 .*; use the same"
    with pytest.raises(ConfigError, match=message):
        make_plan(folder, tmp_path / "out", RECIPE._replace(gop=4))


def test_links_lead_to_the_originals_however_the_output_is_reached(folder, tmp_path, monkeypatch):
    (tmp_path / "else" / "where").mkdir(parents=True)
    (tmp_path / "short").symlink_to(tmp_path / "else" / "where")
    monkeypatch.chdir(tmp_path / "else")
    output = tmp_path / "short" / "out"
    lay_out(make_plan(folder / ".." / "data", output, RECIPE), output, RECIPE)
    assert (output / "notes").is_symlink() and (output / "notes" / "x").read_text() == "x"
    assert (output / "videos" / "n.txt").read_text() == "n" and (output / "videos" / "far").is_dir()
    assert read_manifest(output) == {}


def test_both_folders_can_be_moved_together(folder, tmp_path):
    lay_out(make_plan(folder, tmp_path / "out", RECIPE), tmp_path / "out", RECIPE)
    (tmp_path / "new").mkdir()
    shutil.move(folder, tmp_path / "new" / "data")
    shutil.move(tmp_path / "out", tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out" / "notes" / "x").read_text() == "x"


def test_lay_out_removes_unfinished_files_and_outdated_copies(folder, tmp_path):
    output = tmp_path / "out"
    record(folder, output, "videos/a.mp4", "videos/a.avi")
    record(folder, output, "videos/far/b.mp4", "videos/far/b.MP4")
    os.utime(folder / "videos" / "a.avi", ns=(0, 0))
    (output / "videos" / "far" / ".b.123.unfinished.mp4").write_text("half")
    lay_out(make_plan(folder, output, RECIPE), output, RECIPE)
    assert list(read_manifest(output)) == ["videos/far/b.mp4"]
    assert sorted(path.name for path in (output / "videos").rglob("*")) == ["b.mp4", "far", "n.txt"]


def test_a_linked_folder_that_gets_a_video_becomes_a_folder(folder, tmp_path):
    output = tmp_path / "out"
    lay_out(make_plan(folder, output, RECIPE), output, RECIPE)
    files(folder, notes__c_dot_mp4="c", notes__deep__y="y")
    plan = make_plan(folder, output, RECIPE)
    assert names(plan)[-1] == "notes/c.mp4"
    lay_out(plan, output, RECIPE)
    assert not (output / "notes").is_symlink() and (output / "notes" / "deep" / "y").read_text() == "y"
    assert sorted(path.name for path in (folder / "notes").iterdir()) == ["c.mp4", "deep", "x"]
    (folder / "notes" / "c.mp4").unlink()
    files(folder, notes__z="z")
    lay_out(make_plan(folder, output, RECIPE), output, RECIPE)
    assert (output / "notes" / "z").read_text() == "z" and (output / "notes" / "x").read_text() == "x"


def test_files_are_copied_if_links_are_not_supported(folder, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no links here")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    lay_out(make_plan(folder, tmp_path / "out", RECIPE), tmp_path / "out", RECIPE)
    assert (tmp_path / "out" / "notes" / "x").read_text() == "x"
    assert not (tmp_path / "out" / "notes").is_symlink()


def test_an_unwritable_output_is_an_error(folder, tmp_path):
    files(tmp_path, file="x")
    plan = make_plan(folder, tmp_path / "out", RECIPE)
    with pytest.raises(DatasetError, match=r"file.*: cannot be written \(.*\); choose another --output"):
        lay_out(plan, tmp_path / "file" / "out", RECIPE)
