import json
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

import yowo.datasets.motion
from tests.conftest import ROOT
from yowo.datasets.motion import Motion
from yowo.datasets.motion_plan import CLASSES, plan_video
from yowo.errors import AnnotationError, ConfigError, DatasetError

TINY = {"num_train": 3, "num_val": 2, "num_frames": 16, "size": (64, 48)}


def tiny(root, **changes):
    return Motion(str(root), **{**TINY, **changes})


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    data = tiny(tmp_path_factory.mktemp("motion") / "set")
    data.prepare()
    return data


@pytest.fixture
def copy(made, tmp_path):
    """A set of the same files that a test may damage."""
    for name, text in contents(made.root).items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(text)
    return tiny(tmp_path / "set")


def test_the_layout_is_as_described(made):
    assert list(contents(made.root)) == [
        "annotations.csv",
        "classes.txt",
        "generator.json",
        "splits/train.txt",
        "splits/val.txt",
        *(f"videos/train_000{i}.mp4" for i in range(3)),
        *(f"videos/val_000{i}.mp4" for i in range(2)),
    ]
    assert (made.root / "classes.txt").read_text().split() == list(CLASSES) == list(made.classes)
    assert [path.name for path in made.root.parent.iterdir()] == ["set"]


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_processes(made, tmp_path, monkeypatch):
    monkeypatch.setattr(yowo.datasets.motion, "IN_PROCESS", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    again = tiny(tmp_path / "again")
    again.prepare()
    assert contents(again.root) == contents(made.root)


def test_another_seed_gives_other_videos(made, tmp_path):
    other = tiny(tmp_path / "other", seed=1, num_train=1, num_val=1)
    other.prepare()
    name = "videos/train_0000.mp4"
    assert (other.root / name).read_bytes() != (made.root / name).read_bytes()


def test_videos_are_read_back_with_their_annotation(made):
    for split, count in (("train", 3), ("val", 2)):
        videos = made.videos(split)
        assert [video.name for video in videos] == [f"{split}_000{i}" for i in range(count)]
        for index, video in enumerate(videos):
            plan = plan_video(split, index, 16, (64, 48))
            expected = {(actor.label, actor.start, actor.stop - actor.start) for actor in plan.actors}
            assert {(tube.label, tube.start, len(tube.boxes)) for tube in video.tubes} == expected
            assert (video.num_frames, video.size) == (16, (64, 48))
            with av.open(video.path) as container:
                frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            assert len(frames) == 16 and frames[0].shape == (48, 64, 3)


def test_boxes_lie_within_the_picture(made):
    for split in ("train", "val"):
        for key in made.key_frames(split):
            boxes = key.boxes_norm
            assert boxes.min() >= 0 and boxes.max() <= 1 and (boxes[:, 2:] > boxes[:, :2]).all()


def test_the_annotation_follows_the_drawn_motion(made):
    """Of the first three training videos the first actors move left, right and up."""
    for video, (column, sign) in zip(made.videos("train"), ((0, -1), (0, 1), (1, -1)), strict=True):
        tube = next(
            tube
            for tube in video.tubes
            if CLASSES[tube.label] == ("move_left", "move_right", "move_up")[int(video.name[-1])]
        )
        travel = tube.boxes[-1] - tube.boxes[0]
        assert sign * (travel[column] + travel[column + 2]) / 2 > 0.1


def test_held_out_videos_may_have_another_length(tmp_path):
    data = tiny(tmp_path / "set", num_train=1, num_val=1, num_val_frames=24)
    data.prepare()
    for split, count in (("train", 16), ("val", 24)):
        (video,) = data.videos(split)
        assert video.num_frames == count
        with av.open(video.path) as container:
            assert len(list(container.decode(video=0))) == count


def test_preparing_again_does_nothing(copy):
    before = {path: path.stat().st_mtime_ns for path in copy.root.rglob("*")}
    copy.prepare()
    assert {path: path.stat().st_mtime_ns for path in copy.root.rglob("*")} == before


def test_an_empty_folder_may_be_the_root(tmp_path):
    (tmp_path / "set").mkdir()
    tiny(tmp_path / "set", num_train=1, num_val=1).prepare()
    assert (tmp_path / "set" / "generator.json").is_file()


@pytest.mark.parametrize("action", [Motion.prepare, lambda data: data.videos("train")])
def test_a_set_made_with_other_parameters_is_refused(made, action):
    words = r"dataset\.root=.*generated with num_train=3 instead of 4, seed=0 instead of 7; choose another root or delete it"
    with pytest.raises(DatasetError, match=words):
        action(tiny(made.root, num_train=4, seed=7))


def test_a_folder_of_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(DatasetError, match=r"other files without generator\.json; choose another root"):
        tiny(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_val": 0}, r"dataset\.num_val: expected at least 1 video, got 0"),
        ({"num_frames": 8}, r"dataset\.num_frames: expected at least 16, got 8"),
        ({"size": (65, 48)}, r"dataset\.size: expected an even width and height of at least 64 x 48 .* got \[65, 48\]"),
        ({"size": (64,)}, r"dataset\.size: expected an even width and height"),
        ({"seed": -1}, r"dataset\.seed: expected a number of at least 0, got -1"),
    ],
)
def test_parameters_out_of_range_are_named(tmp_path, changes, words):
    with pytest.raises(ConfigError, match=words):
        tiny(tmp_path / "set", **changes).prepare()
    assert not list(tmp_path.iterdir())


def test_an_interrupted_generation_leaves_nothing(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt("stopped")

    monkeypatch.setattr(yowo.datasets.motion, "write_table", stop)
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        tiny(tmp_path / "set").prepare()
    assert not list(tmp_path.iterdir())


def test_a_killed_generation_leaves_no_incomplete_data_set(tmp_path):
    code = (
        "import yowo.datasets.motion as m; m.IN_PROCESS = 10**6; "
        f"m.Motion({str(tmp_path / 'set')!r}, num_train=10**5, num_frames=16, size=(64, 48)).prepare()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    end = time.monotonic() + 120
    while not list(tmp_path.glob(".set-unfinished-*/set/videos/train_0001.mp4")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "set").exists()
    data = tiny(tmp_path / "set")
    data.prepare()
    assert len(data.videos("train")) == 3


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match=r"dataset\.root=.*set: the data set cannot be written"):
        tiny(tmp_path / "file" / "set").prepare()


def test_reading_before_preparing_says_so(tmp_path):
    with pytest.raises(DatasetError, match=r"the data set does not exist; call prepare\(\) to generate it"):
        tiny(tmp_path / "set").key_frames("val")


def test_videos_that_are_gone_are_named(copy):
    (copy.root / "videos" / "train_0001.mp4").unlink()
    with pytest.raises(DatasetError, match=r"train_0001\.mp4: 1 of 3 train videos are missing; delete"):
        copy.videos("train")


def test_a_list_that_is_gone_is_named(copy):
    (copy.root / "splits" / "val.txt").unlink()
    with pytest.raises(DatasetError, match=r"val\.txt: expected the names of the val videos"):
        copy.videos("train")


def test_a_damaged_annotation_is_named_by_file_and_row(copy):
    table = copy.root / "annotations.csv"
    lines = table.read_text().splitlines()
    row = next(number for number, line in enumerate(lines) if "move_left" in line)
    lines[row] = lines[row].replace("move_left", "move_aside")
    table.write_text("\n".join(lines))
    words = rf"annotations\.csv, row {row + 1}: label: expected one of .* got 'move_aside'"
    with pytest.raises(AnnotationError, match=words):
        copy.videos("train")


def test_damaged_parameters_are_named(copy):
    (copy.root / "generator.json").write_text("{")
    with pytest.raises(DatasetError, match=r"generator\.json: expected JSON"):
        copy.videos("train")


def test_sizes_from_a_configuration_are_plain_numbers_in_the_file(made):
    assert json.loads((made.root / "generator.json").read_text()) == {
        "format": 1, "num_train": 3, "num_val": 2, "num_frames": 16, "num_val_frames": 16, "size": [64, 48],
        "seed": 0,
    }  # fmt: skip


def test_a_key_frame_tells_where_its_clip_is(made):
    key = made.key_frames("val")[5]
    assert (key.video, key.frame, key.num_frames, key.size) == ("val_0000", 7, 16, (64, 48))
    assert key.path == str(made.root / "videos" / "val_0000.mp4")
    assert key.boxes_norm.dtype == np.float32 and key.labels.dtype == np.int64


@pytest.mark.parametrize(("decoder", "backend"), [("decord", "auto"), ("pyav", "pyav")])
def test_generated_videos_are_read_with_the_decoder_that_is_asked_for(made, decoder, backend):
    pytest.importorskip("decord", reason="there is no decord on this platform")
    videos = tiny(made.root, decoder=decoder).videos("train")
    assert {video.backend for video in videos} == {backend}
