import contextlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from yowo.contracts import ClipBatch, Tube
from yowo.data.augment import EvalTransform
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.errors import ConfigError
from yowo.training.logs import tube_clip
from yowo.training.logs.tube_clip import TubeClip, draw_clip
from yowo.tubes.linking import YowoLinker
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter

BOX = np.array([[0.2, 0.2, 0.6, 0.8]], np.float32)


@pytest.fixture
def split(tmp_path):
    """Two videos of 20 frames; of the second one frames 6 to 15 are annotated, of the first one frame 0."""
    videos = []
    for name, start, length in (("a", 0, 1), ("b", 6, 10)):
        path = tmp_path / f"{name}.mp4"
        with VideoWriter(path, fps=10, size=(64, 48)) as writer:
            for _ in range(20):
                writer.write(np.full((48, 64, 3), 90, np.uint8))
        videos.append(AnnotatedVideo(name, str(path), 20, (64, 48), (Tube(0, start, np.repeat(BOX, length, axis=0)),)))
    return videos


class Module:
    """A network that finds the same box on every frame."""

    device = torch.device("cpu")
    detector: "Module"

    def __init__(self, score=0.9, several=False):
        self.detector, self.runs, self.score, self.several = self, 0, score, several

    def __call__(self, clips):
        self.runs += len(clips)
        return clips

    def postprocess(self, clips):
        return [self.found() for _ in clips]

    def found(self):
        scores = torch.tensor([[self.score, 0.1]]) if self.several else torch.tensor([self.score])
        labels = {} if self.several else {"labels": torch.tensor([0])}
        return {"boxes": torch.from_numpy(BOX), "scores": scores, **labels}


def trainer(videos):
    keys = KeyFrames.annotated(videos)
    data = SimpleNamespace(
        videos=lambda: videos,
        dataset=lambda stage: SimpleNamespace(key_frames=keys),
        data=SimpleNamespace(classes=("run", "jump")),
        eval_transform=EvalTransform((48, 64), [0.0] * 3, [1.0] * 3),
        clip_len=2,
        dilation=1,
        repeat_key_frame=False,
        batch_size=4,
    )
    return SimpleNamespace(
        datamodule=data,
        is_global_zero=True,
        sanity_checking=False,
        loggers=[],
        global_step=1,
        current_epoch=0,
        precision_plugin=SimpleNamespace(val_step_context=contextlib.nullcontext),
    )


def validate(callback, run, module, positions):
    callback.on_validation_epoch_start(run, module)
    target = {"boxes": torch.from_numpy(BOX), "labels": torch.tensor([0])}
    count = len(positions)
    batch = ClipBatch(positions, [(64, 48)] * count, torch.full((count, 3, 2, 48, 64), 0.4), [target] * count)
    callback.on_validation_batch_end(run, module, {"detections": [module.found()] * count}, batch, 0)
    callback.on_validation_epoch_end(run, module)
    callback.on_validation_end(run, module)


def test_the_busiest_video_is_drawn_from_its_busiest_frame_and_validation_is_not_repeated(split, tmp_path):
    run, module = trainer(split), Module()
    callback = TubeClip(str(tmp_path / "pictures"), YowoLinker(), frames=12, stride=2)
    callback.on_fit_start(run, module)
    validate(callback, run, module, list(range(11)))  # position 0 is of video a, 1 to 10 are frames 6 to 15 of video b
    assert module.runs == 1, "frames 6, 8, ... 14 were validated, frame 16 is not annotated"
    with open_video(tmp_path / "pictures" / "tubes_epoch_000.mp4") as video:
        assert len(video) == 6 and video.fps == pytest.approx(5)


def test_frames_that_validation_left_out_are_detected(split, tmp_path):
    run, module = trainer(split), Module(several=True)
    callback = TubeClip(str(tmp_path), YowoLinker(), video="a", frames=6, stride=1)
    callback.on_fit_start(run, module)
    validate(callback, run, module, [4])
    assert module.runs == 6 and (tmp_path / "tubes_epoch_000.mp4").is_file()


def test_a_clip_comes_after_every_nth_validation(split, tmp_path):
    run, module = trainer(split), Module()
    callback = TubeClip(str(tmp_path / "p"), YowoLinker(), frames=2, every=2)
    callback.on_fit_start(run, module)
    for epoch in range(3):
        run.current_epoch = epoch
        validate(callback, run, module, [1])
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["tubes_epoch_000.mp4", "tubes_epoch_002.mp4"]


def test_a_video_that_cannot_be_read_is_a_warning(split, tmp_path, caplog):
    run, module = trainer(split), Module()
    callback = TubeClip(str(tmp_path / "p"), YowoLinker(), frames=12)
    callback.on_fit_start(run, module)
    (tmp_path / "b.mp4").unlink()
    validate(callback, run, module, [1])
    assert "clips with tubes are missing" in caplog.text and not (tmp_path / "p").exists()


def test_true_boxes_and_tubes_are_drawn_where_they_are():
    frame = tube_clip._Frame(np.zeros((360, 480, 3), np.uint8), tube_clip.NO_TRUTH, {})
    found = draw_clip([frame, frame], [Tube(0, 1, BOX)], ["run"])
    assert not found[0].any() and found[1][100:110, 94:98].any()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"frames": 0}, r"frames, stride and every of at least 1"),
        ({"video": "c"}, r"no such held-out video; they are a, b"),
    ],
)
def test_impossible_clips_are_named(options, error, split, tmp_path):
    with pytest.raises(ConfigError, match=error):
        TubeClip(str(tmp_path), YowoLinker(), **options).on_fit_start(trainer(split), None)
