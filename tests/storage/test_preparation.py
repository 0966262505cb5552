import fcntl
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.datasets import test_jhmdb21
from tests.film_cases import film, psnr, turn
from tests.make_data import pictures, project, ucf24_files, write_video
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.datasets.custom import Custom
from yowo.datasets.jhmdb21 import JHMDB21
from yowo.errors import ConfigError, DatasetError
from yowo.projects.checks import check_project
from yowo.projects.opened import open_project
from yowo.storage.manifest import read_manifest
from yowo.storage.pool import Finished
from yowo.storage.preparation import LOCK, prepare
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import MANIFEST
from yowo.video.pyav_reader import PyAVReader

RECIPE = Recipe(short_side=24, preset="ultrafast", crf=10)


def state(folder):
    """Bytes and time of change of every file."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def visible(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name != LOCK)


def run(folder, output, recipe=RECIPE):
    return prepare(folder, output, recipe, 1)


def shrunk(frames, size):
    """Reduce frames [K, C, H, W] of whatever values."""
    return torch.nn.functional.interpolate(frames.float(), size, mode="bicubic", antialias=True).clamp(0, 255)


def same_samples(dataset, root, copied, parts=("train", "val"), least=26.0):
    """Compare all key frames of two folders, and the clips of some; returns the sizes of the clips."""
    modules = [
        build_datamodule(compose_config("train", [f"dataset={dataset}", f"dataset.root={r}"])) for r in (root, copied)
    ]
    sizes = []
    for part in parts:
        one, other = (module.dataset(part) for module in modules)
        assert len(one) == len(other) > 0
        for before, after in zip(one.key_frames, other.key_frames, strict=True):
            assert (before.video, before.frame) == (after.video, after.frame)
            assert np.array_equal(before.boxes_norm, after.boxes_norm) and np.array_equal(before.labels, after.labels)
        for number in np.linspace(0, len(one) - 1, 3).astype(int).tolist():
            before, after = one[number], other[number]
            assert torch.equal(before.target["boxes"], after.target["boxes"])
            small = shrunk(before.frames, after.frames.shape[-2:])
            assert psnr(small.numpy(), after.frames.numpy()) > least
            sizes.append((tuple(before.frames.shape[-2:]), tuple(after.frames.shape[-2:])))
    return sizes


def test_ucf101_24_reads_the_same_boxes_and_clips_from_its_copy(tmp_path):
    root = ucf24_files(tmp_path / "ucf")
    before = state(root)
    outcome = run(root, tmp_path / "copy")
    assert len(outcome.made) == 4 and not outcome.failed
    assert state(root) == before
    assert set(same_samples("ucf24", root, tmp_path / "copy")) == {((48, 64), (24, 32))}


def test_jhmdb_21_reads_the_same_boxes_and_frames_from_its_copy(tmp_path):
    root = tmp_path / "jhmdb"
    test_jhmdb21.owners_videos(root)
    prepare(root, tmp_path / "copy", RECIPE._replace(short_side=120), 1)
    for split in ("train", "val"):
        one, other = (JHMDB21(str(r), test_jhmdb21.CLASSES) for r in (root, tmp_path / "copy"))
        assert [(v.name, v.num_frames, v.size) for v in one.videos(split)] == [
            (v.name, v.num_frames, v.size) for v in other.videos(split)
        ]
        assert all(v.path.endswith(".mp4") for v in other.videos(split))
        for before, after in zip(one.key_frames(split), other.key_frames(split), strict=True):
            assert (before.video, before.frame) == (after.video, after.frame)
            assert np.array_equal(before.boxes_norm, after.boxes_norm)
    chosen = JHMDB21(str(tmp_path / "copy"), test_jhmdb21.CLASSES, val_videos="all").videos("val")
    assert [video.name for video in chosen] == sorted(test_jhmdb21.VIDEOS)


@pytest.mark.shared
@pytest.mark.long
def test_ava_reads_the_same_boxes_and_clips_from_its_copy(tmp_path, shared):
    root = shared / "data" / "ava-mini"
    if not root.is_dir():
        pytest.skip("needs data/ava-mini in ../shared")
    outcome = prepare(root, tmp_path / "copy", Recipe(short_side=120, preset="ultrafast"), 1)
    assert len(outcome.made) == 2
    assert set(same_samples("ava", root, tmp_path / "copy", parts=("val",))) == {((360, 480), (120, 160))}


def test_a_project_reads_the_same_boxes_and_clips_from_its_copy(tmp_path):
    """Its table counts in pixels of the originals, and no videos.csv says so."""
    root = project(tmp_path / "own", suffix=".avi")
    run(root, tmp_path / "copy")
    assert set(same_samples("custom", root, tmp_path / "copy")) == {((48, 64), (24, 32))}
    assert open_project(root).facts == open_project(tmp_path / "copy").facts
    assert np.array_equal(open_project(root).box_sizes, open_project(tmp_path / "copy").box_sizes)
    reports = [check_project(folder) for folder in (root, tmp_path / "copy")]
    assert reports[1].sound and reports[0].findings == reports[1].findings
    (video, *_) = Custom(str(tmp_path / "copy"), ("sit", "walk")).videos("train")
    assert video.size == (64, 48)


def test_a_project_with_a_table_of_videos_keeps_its_sizes(tmp_path):
    root = project(tmp_path / "own")
    (root / "videos.csv").write_text("video,frames,width,height\na,12,64,48\nb,12,128,96\nfar/c,12,64,48\n")
    run(root, tmp_path / "copy")
    for split in ("train", "val"):
        one, other = (Custom(str(folder), ("sit", "walk")).key_frames(split) for folder in (root, tmp_path / "copy"))
        assert len(one) == len(other) > 0
        assert all(np.array_equal(a.boxes_norm, b.boxes_norm) for a, b in zip(one, other, strict=True))


def test_rotated_videos_are_copied_upright(tmp_path):
    root = tmp_path / "films"
    for quarters in (1, 2, 3):
        turn(film(root / f"{quarters}.mp4", 5, (96, 64)), quarters)
    outcome = run(root, tmp_path / "copy", RECIPE._replace(short_side=64))
    assert outcome.made["1.mp4"].original_size == outcome.made["1.mp4"].size == (64, 96)
    for quarters in (1, 2, 3):
        with PyAVReader(root / f"{quarters}.mp4") as old, PyAVReader(tmp_path / "copy" / f"{quarters}.mp4") as new:
            assert psnr(old.get_frames(range(5)), new.get_frames(range(5))) > 30


@pytest.fixture
def films(tmp_path):
    for name in ("a.avi", "far/b.avi"):
        write_video(tmp_path / "films" / name, pictures(10, 0))
    return tmp_path / "films"


def test_a_second_run_makes_nothing(films, tmp_path):
    first = run(films, tmp_path / "copy")
    before = state(tmp_path / "copy")
    del before[tmp_path / "copy" / MANIFEST], before[tmp_path / "copy" / LOCK]
    second = run(films, tmp_path / "copy")
    assert sorted(first.made) == ["a.mp4", "far/b.mp4"] and first.kept == {}
    assert second.made == {} and second.kept == first.made and second.failed == []
    assert before.items() <= state(tmp_path / "copy").items()
    assert visible(tmp_path / "copy") == ["a.mp4", "far", "far/b.mp4", MANIFEST]


def test_the_manifest_describes_the_copies(films, tmp_path):
    made = run(films, tmp_path / "copy").made["far/b.mp4"]
    assert read_manifest(tmp_path / "copy")["far/b.mp4"] == made
    facts = (films / "far" / "b.avi").stat()
    assert (made.source, made.source_bytes, made.source_mtime_ns) == ("far/b.avi", facts.st_size, facts.st_mtime_ns)
    assert (made.original_size, made.size, made.num_frames) == ((64, 48), (32, 24), 10)
    assert made.bytes == (tmp_path / "copy" / "far" / "b.mp4").stat().st_size


def test_a_changed_original_is_made_again_and_a_new_one_is_added(films, tmp_path):
    run(films, tmp_path / "copy")
    write_video(films / "a.avi", pictures(7, 1))
    write_video(films / "c.avi", pictures(5, 1))
    second = run(films, tmp_path / "copy")
    assert {name: video.num_frames for name, video in second.made.items()} == {"a.mp4": 7, "c.mp4": 5}
    assert list(second.kept) == ["far/b.mp4"]
    with PyAVReader(tmp_path / "copy" / "a.mp4") as reader:
        assert len(reader) == 7


def test_no_old_copy_stands_for_an_original_that_became_unreadable(films, tmp_path):
    run(films, tmp_path / "copy")
    (films / "a.avi").write_text("no film any more")
    second = run(films, tmp_path / "copy")
    assert len(second.failed) == 1 and list(second.kept) == ["far/b.mp4"]
    assert visible(tmp_path / "copy") == ["far", "far/b.mp4", MANIFEST]


def test_another_recipe_is_refused_and_changes_nothing(films, tmp_path):
    run(films, tmp_path / "copy")
    before = state(tmp_path / "copy")
    with pytest.raises(ConfigError, match=r"copy: was prepared with .* crf=10 .*, not with .* crf=20"):
        run(films, tmp_path / "copy", RECIPE._replace(crf=20))
    with pytest.raises(ConfigError, match="crf: expected 0 to 35, got 90"):
        run(films, tmp_path / "copy", RECIPE._replace(crf=90))
    assert state(tmp_path / "copy") == before


def test_unreadable_videos_are_named_in_a_line_each_and_the_others_are_done(films, tmp_path):
    (films / "text.mp4").write_text("no film")
    (films / "empty.mkv").write_bytes(b"")
    whole = film(tmp_path / "whole.mp4", 40).read_bytes()
    (films / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    outcome = run(films, tmp_path / "copy")
    assert sorted(outcome.made) == ["a.mp4", "far/b.mp4"]
    assert len(outcome.failed) == 3 and not any("\n" in reason for reason in outcome.failed)
    for name in ("text.mp4", "empty.mkv", "cut.mp4"):
        assert any(f"{films / name}: not a readable video" in reason for reason in outcome.failed)
    (films / "cut.mp4").write_bytes(whole)
    assert list(run(films, tmp_path / "copy").made) == ["cut.mp4"]


def test_an_unwritable_target_ends_the_run_with_a_one_line_error(films, tmp_path):
    def spoil(jobs, kept):
        shutil.rmtree(tmp_path / "copy" / "far")
        (tmp_path / "copy" / "far").write_text("a file")

    with pytest.raises(DatasetError, match=r"far/\.b\.\d+\.unfinished\.mp4: cannot be written \(Not a directory\)"):
        prepare(films, tmp_path / "copy", RECIPE, 1, spoil)
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        DatasetError, match=r"file/copy: cannot be written \(Not a directory\); choose another --output"
    ):
        run(films, tmp_path / "file" / "copy")


def test_what_was_made_before_an_error_is_kept(films, tmp_path):
    def stop(event):
        if isinstance(event, Finished):
            seen.append(event.job.name)
            if len(seen) == 2:
                raise RuntimeError("stop")

    seen = []
    with pytest.raises(RuntimeError, match="stop"):
        prepare(films, tmp_path / "copy", RECIPE, 1, on_event=stop)
    assert list(read_manifest(tmp_path / "copy")) == seen[:1]
    assert list(run(films, tmp_path / "copy").made) == seen[1:]


def test_two_runs_at_once_are_refused(films, tmp_path):
    (tmp_path / "copy").mkdir()
    with (tmp_path / "copy" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(
            DatasetError, match=r"copy: another yowo data prepare is writing to this folder; wait until"
        ):
            run(films, tmp_path / "copy")
    assert visible(tmp_path / "copy") == []
    assert len(run(films, tmp_path / "copy").made) == 2


def test_on_start_gets_the_jobs_and_the_number_of_kept_copies(films, tmp_path):
    told = []
    for _ in range(2):
        prepare(films, tmp_path / "copy", RECIPE, 1, lambda jobs, kept: told.append(([job.name for job in jobs], kept)))
        os.utime(films / "a.avi", ns=(0, 0))
    assert sorted(told[0][0]) == ["a.mp4", "far/b.mp4"] and told[0][1] == 0
    assert told[1] == (["a.mp4"], 1)
    assert Path(films / "a.avi").stat().st_mtime_ns == 0
