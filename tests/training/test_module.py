from types import SimpleNamespace

import lightning as L
import numpy as np
import pytest
import torch

from tests.data.test_datamodule import OneVideo
from tests.data.test_datamodule import module as datamodule
from tests.make_data import pictures, write_video
from yowo.config.build import build_detector
from yowo.config.build_training import build_module
from yowo.config.compose import compose_config
from yowo.contracts import ClipBatch, Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames


@pytest.fixture(scope="module")
def module():
    config = compose_config("train", ["dataset=motion", "dataset.image_size=64"])
    return build_module(config, build_detector(config))


class Keys:
    video, frame, seconds = np.zeros(2, np.int64), np.arange(2), None


class FakeData:
    """One video of two frames."""

    def dataset(self, part):
        self.part = part
        return SimpleNamespace(key_frames=Keys())

    def videos(self, part):
        boxes = np.array([[0.2, 0.2, 0.7, 0.8]] * 2, np.float32)
        return [AnnotatedVideo("v", "v.mp4", 2, (128, 96), (Tube(1, 0, boxes),))]


@pytest.fixture
def trainer(module, monkeypatch):
    fake = SimpleNamespace(datamodule=FakeData(), accumulate_grad_batches=1)
    monkeypatch.setattr(type(module), "trainer", fake)
    return fake


def batch(positions=(0, 1)):
    targets = [{"boxes": torch.tensor([[0.2, 0.2, 0.7, 0.8]]), "labels": torch.tensor([1])} for _ in positions]
    return ClipBatch(list(positions), [(128, 96)] * len(positions), torch.rand(len(positions), 3, 8, 64, 64), targets)


def test_a_training_step_gives_the_total_loss_and_logs_its_parts(module, trainer, monkeypatch):
    logged = {}
    monkeypatch.setattr(module, "log_dict", lambda values, **_: logged.update(values))
    loss, total = module.training_step(batch(), 0).values()
    assert set(logged) == {"train/box", "train/conf", "train/cls", "train/total"}
    assert loss.requires_grad and loss.item() == total.item() == pytest.approx(logged["train/total"].item())


def test_evaluation_feeds_the_metric_and_hands_detections_to_callbacks(module, trainer, monkeypatch):
    logged = {}
    monkeypatch.setattr(module, "log_dict", lambda values, **_: logged.update(values))
    module.on_validation_epoch_start()
    out = module.validation_step(batch(), 0)
    assert len(out["detections"]) == 2
    module.on_validation_epoch_end()
    assert "val/frame_map/0.5" in logged and "val/total" in logged


class NoBoxes(OneVideo):
    """Ten frames, none with a box."""

    def key_frames(self, split):
        return KeyFrames.every_frame(self.list)


def test_an_epoch_without_any_box_teaches_the_background_and_its_map_is_nan(module, tmp_path, caplog):
    write_video(tmp_path / "v.avi", pictures(10, 0))
    data = datamodule(NoBoxes(tmp_path / "v.avi", frames=0))
    trainer = L.Trainer(
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    before = module.detector.head.bias.detach().clone()
    trainer.fit(module, data)
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    assert logged["train/conf"] > 0 and logged["train/box"] == logged["train/cls"] == 0
    assert np.isnan(logged["val/frame_map/0.5"]) and not torch.equal(module.detector.head.bias, before)
    assert "the train split has no box on any frame" in caplog.text and "its frame-mAP is nan" in caplog.text


def test_a_test_links_tubes_over_the_videos_of_the_split(module, trainer, monkeypatch):
    logged = {}
    monkeypatch.setattr(module, "log_dict", lambda values, **_: logged.update(values))
    module.on_test_epoch_start()
    module.test_step(batch(), 0)
    module.on_test_epoch_end()
    assert trainer.datamodule.part == "test"
    assert {"test/frame_map/0.5", "test/video_map/0.2", "test/video_map/0.5:0.95"} <= set(logged)


def test_the_checkpoint_knows_its_configuration(module):
    checkpoint = {}
    module.on_save_checkpoint(checkpoint)
    assert checkpoint["yowo"]["config"]["dataset"]["name"] == "motion"


def test_the_metric_keeps_no_state_in_checkpoints(module):
    assert not [name for name in module.state_dict() if not name.startswith("detector.")]


def test_samples_are_counted_through_a_resumed_training(module, trainer, monkeypatch):
    monkeypatch.setattr(module, "log_dict", lambda values, **_: None)
    seen = []
    real = module.loss.criterion.sums
    monkeypatch.setattr(
        module.loss.criterion, "sums", lambda raw, targets, n=None: (seen.append(n), real(raw, targets, n))[1]
    )
    module.loss.samples = 0
    module.training_step(batch(), 0)
    module.training_step(batch(), 1)
    module.on_validation_epoch_start()
    module.validation_step(batch(), 0)
    assert seen == [2, 4, None]
    checkpoint = {}
    module.on_save_checkpoint(checkpoint)
    module.loss.samples = 0
    module.on_load_checkpoint(checkpoint)
    assert module.loss.samples == checkpoint["yowo"]["samples_seen"] == 4


def test_the_output_of_a_test_can_depend_on_more_than_the_clips(module, trainer, monkeypatch):
    monkeypatch.setattr(module, "log_dict", lambda values, **_: None)
    asked, given = [], []

    def output(detector, positions, clips):
        asked.append(positions)
        given.append(detector(torch.zeros_like(clips)))
        return given[-1]

    monkeypatch.setattr(module, "test_output", output)
    module.on_validation_epoch_start()
    module.validation_step(batch(), 0)
    assert not asked
    seen = []
    rule = module.detector.postprocess
    monkeypatch.setattr(module.detector, "postprocess", lambda raw: (seen.append(raw), rule(raw))[1])
    module.on_test_epoch_start()
    module.test_step(batch(), 0)
    assert asked == [[0, 1]] and seen[0] is given[0]


@pytest.mark.parametrize("steps", [7, 31])
def test_a_one_cycle_schedule_spans_the_steps_that_training_will_take(trainer, steps):
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "schedule=one_cycle"])
    module = build_module(config, build_detector(config))
    trainer.estimated_stepping_batches = float(steps)
    made = module.configure_optimizers()
    schedule, optimizer = made["lr_scheduler"]["scheduler"], made["optimizer"]
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < steps:
            schedule.step()
    assert made["lr_scheduler"]["interval"] == "step" and schedule.total_steps == steps
    assert max(rates) == pytest.approx(config.optimizer.lr, rel=0.15) and rates[-1] < rates[0] < max(rates)


def test_other_schedules_are_not_told_the_number_of_steps(module, trainer):
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "schedule=ucf24"])
    made = build_module(config, build_detector(config)).configure_optimizers()
    assert dict(made["lr_scheduler"]["scheduler"].milestones) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert made["lr_scheduler"]["interval"] == "epoch"
