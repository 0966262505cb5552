import re

import pytest
import torch
from omegaconf import OmegaConf

from yowo import threads
from yowo.config.build import build_detector, make
from yowo.config.build_training import (
    build_callbacks,
    build_datamodule,
    build_loggers,
    build_module,
    build_optimizer,
    build_trainer,
)
from yowo.config.compose import compose_config
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError
from yowo.inference.split_states import SplitStates
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss


def test_the_class_loss_fits_the_labels():
    ucf, ava = (
        build_module(c, build_detector(c))
        for c in (
            compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]),
            compose_config("train", ["model=yowo_tiny", "dataset=ava"]),
        )
    )
    assert isinstance(ucf.loss.criterion.class_loss, SoftmaxFocalLoss)
    assert (
        isinstance(ava.loss.criterion.class_loss, MultiHotFocalLoss)
        and len(ava.loss.criterion.class_loss.class_ratio) == 80
    )
    assert ava.detector.multi_hot and not ucf.detector.multi_hot


def test_the_trainer_loggers_and_callbacks_are_built_from_their_groups(tmp_path):
    config = compose_config("train", ["logger=[csv,tensorboard]", "callbacks=ema", "trainer=cpu"])
    OmegaConf.update(config, "callbacks.checkpoint.dirpath", str(tmp_path))
    for name in ("last", "pictures", "tube_clip", "class_ap", "errors"):
        OmegaConf.update(config, f"callbacks.{name}.folder", str(tmp_path))
    for name in ("csv", "tensorboard"):
        OmegaConf.update(config, f"logger.{name}.save_dir", str(tmp_path))
    names = {type(callback).__name__ for callback in build_callbacks(config)}
    assert {
        "LastCheckpoint",
        "BestCheckpoint",
        "RampedEMAWeightAveraging",
        "TerminalBar",
        "ProgressLines",
        "KeyFramePictures",
        *("Warmup", "Accumulation"),
        *("StepAxis", "LearningRates", "StepFigures", "TubeClip", "ClassAP", "ErrorReview", "BestMetric"),
    } <= names
    assert [type(logger).__name__ for logger in build_loggers(config)] == ["CSVLogger", "TensorBoardLogger"]
    assert build_trainer(config, logger=False).max_epochs == config.schedule.epochs
    config.trainer.fast_dev_run = 3
    assert "BestCheckpoint" not in {type(callback).__name__ for callback in build_callbacks(config)}
    OmegaConf.update(
        config, "profiler", {"_target_": "yowo.training.trying.profiling.PartTimes", "folder": "x"}, force_add=True
    )
    assert type(build_trainer(config, logger=False).profiler).__name__ == "PartTimes"


@pytest.mark.parametrize(
    ("environ", "overrides", "expected"),
    [
        ({}, ["dataset.num_workers=3"], 5),
        ({}, ["dataset.num_workers=3", "trainer=ddp_cpu"], 1),
        ({}, ["threads=2"], 2),
        ({"OMP_NUM_THREADS": "6"}, ["threads=2"], None),
    ],
)
def test_threads_workers_and_processes_share_the_cores_unless_the_user_said_otherwise(
    environ, overrides, expected, monkeypatch
):
    for name in threads.COUNT_BY_USER:
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(threads, "cores_by_affinity", lambda: 8)
    monkeypatch.setattr(threads, "cores_by_quota", lambda: 8)
    numbers = []
    monkeypatch.setattr(torch, "set_num_threads", numbers.append)
    build_trainer(compose_config("train", ["trainer=cpu", *overrides]), logger=False)
    assert numbers == ([] if expected is None else [expected])


def test_impossible_devices_are_a_config_error():
    config = compose_config("train", ["trainer.accelerator=quantum"])
    with pytest.raises(ConfigError, match="quantum"):
        build_trainer(config, logger=False)


class Pinning(ClipDataModule):
    """A data module with an option of its own."""

    def __init__(self, *args: object, pinned: bool = False, **options: object) -> None:
        super().__init__(*args, **options)
        self.pinned = pinned


def test_an_option_of_the_data_is_a_key_of_dataset_and_an_argument_of_its_target():
    own = ["dataset=motion", f"dataset._target_={__name__}.Pinning", "+dataset.pinned=true", "dataset.batch_size=5"]
    data = build_datamodule(compose_config("train", own))
    assert isinstance(data, Pinning) and data.pinned and data.batch_size == 5
    assert build_datamodule(compose_config("train", ["dataset=motion", "dataset.seed=4"])).seed == 0  # the run's seed


def test_a_context_looks_at_one_frame_in_a_test_and_trains_on_whole_clips(tmp_path):
    overrides = ["dataset.num_train=1", "dataset.num_val=1", "dataset.num_frames=16", "dataset.num_val_frames=16"]
    config = compose_config(
        "train", [*overrides, f"dataset.root={tmp_path}/m", "context=lfb", "metric.test_frames=annotated"]
    )
    data = build_datamodule(config)
    data.prepare_data()
    assert [data.dataset(stage).clip_len for stage in ("train", "val", "test")] == [8, 8, 1]
    plain = build_datamodule(
        compose_config("train", [*overrides, f"dataset.root={tmp_path}/m", "metric.test_frames=annotated"])
    )
    assert plain.dataset("test") is plain.dataset("val")


def test_a_test_carries_the_state_of_a_recurrent_network_and_reads_whole_videos(tmp_path):
    given = ["model=yowof_r18", "dataset=motion", f"dataset.root={tmp_path}/m", "streaming=state"]
    config = compose_config("train", given)
    data, detector = build_datamodule(config), build_detector(config)
    module = build_module(config, detector, data)
    assert isinstance(module.test_output, SplitStates) and data.whole_videos and data.slides
    config.streaming = "clip"
    assert build_module(config, detector, data).test_output is None and not build_datamodule(config).whole_videos
    config.streaming = "exact"
    with pytest.raises(ConfigError, match="streaming=exact: expected clip or state"):
        build_module(config, detector, data)
    config.streaming, config.dataset.dilation = "state", 2
    with pytest.raises(ConfigError, match=r"streaming=state: .* needs context=none, dataset.dilation=1"):
        build_module(config, detector, data)
    with pytest.raises(ConfigError, match="streaming=state: Linear has no state to carry"):
        build_module(config, torch.nn.Linear(2, 2), data)


@pytest.mark.parametrize(
    ("typed", "groups"),
    [
        ([], {None: 1}),
        (["optimizer.lr_factors={backbone2d: 0.1, head: 0.5}"], {"rest": 1, "backbone2d": 0.1, "head": 0.5}),
        (["optimizer.lr_factors.backbone3d.layer1=0.2"], {"rest": 1, "backbone3d.layer1": 0.2}),
    ],
)
def test_the_optimizer_gets_groups_from_the_command_line(typed, groups):
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "optimizer.fused=true", *typed])
    optimizer = build_optimizer(config)(build_detector(config))
    made = {group.get("name"): group["lr"] / config.optimizer.lr for group in optimizer.param_groups}
    assert made == pytest.approx(groups) and all(group["fused"] for group in optimizer.param_groups)


def test_an_optimizer_without_a_fused_form_is_not_asked_for_it():
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "optimizer._target_=torch.optim.RMSprop"])
    assert type(build_optimizer(config)(build_detector(config))) is torch.optim.RMSprop


def test_training_options_change_the_network_of_the_module():
    options = ["freeze=[backbone2d]", "gradient_checkpointing=true"]
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", *options])
    detector = build_module(config, build_detector(config)).train().detector
    assert not any(p.requires_grad for p in detector.backbone2d.parameters()) and not detector.backbone2d.training
    assert detector.backbone3d.training and detector.backbone3d.recompute and detector.backbone2d.recompute


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("freeze=[backbone4d]", "freeze: the network has no part 'backbone4d'; expected one of backbone2d, backbone3d"),
        ("freeze=[1]", "freeze: expected a list of names of parts"),
        ("compile=maybe", "compile: expected true or false"),
        ("optimizer.lr_factors=0.1", "optimizer.lr_factors: expected names of parts"),
        ("optimizer.lr_factors.backbone2d=x", "optimizer.lr_factors.backbone2d: expected a number of at least 0"),
        ("trainer.precision=bf16-true", "trainer.precision: expected 32-true, bf16-mixed, 16-mixed or 64-true"),
        ("trainer.gradient_clip_algorithm=l2", "trainer.gradient_clip_algorithm: expected norm or value"),
    ],
)
def test_wrong_options_for_speed_are_told_in_one_line(typed, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        config = compose_config("train", ["model=yowo_tiny", "dataset=motion", typed])
        build_module(config, build_detector(config))


def test_compiling_and_gradient_checkpointing_exclude_each_other():
    options = ["compile=true", "gradient_checkpointing=true"]
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", *options])
    with pytest.raises(ConfigError, match=r"gradient_checkpointing: torch\.compile cannot trace it"):
        build_module(config, build_detector(config))


def test_float16_on_a_cpu_is_refused_and_not_replaced():
    config = compose_config("train", ["trainer=cpu", "trainer.precision=16-mixed"])
    with pytest.raises(
        ConfigError, match=r"trainer.precision=16-mixed: .* needs a GPU, .*; use trainer.precision=bf16"
    ):
        build_trainer(config, logger=False)


def test_yowo_v3s_released_recipe_decays_the_weights_that_its_code_decays():
    """Its program counts 25,719,678 numbers with weight decay, 16 of them fixed distances, 23,274 of norms, 25,074 biases."""
    parts = ("backbone2d=yolov8_n", "backbone3d=shufflenetv2_1.0x")
    config = compose_config("train", ["experiment=yowo_v3_ucf24", "recipe=released", *parts])
    with torch.device("meta"):
        optimizer = build_optimizer(config)(build_detector(config).to("meta"))
    groups = [(sum(p.numel() for p in g["params"]), g["weight_decay"]) for g in optimizer.param_groups]
    assert groups == [(25_719_678 - 16, 5e-4), (23_274 + 25_074, 0.0)]
    average, rule = make(config.callbacks.ema), make(config.callbacks.accumulation)
    assert (average.decay, average.ramp, rule.rule) == (0.9999, 2000, "carried")


PEOPLE = ["experiment=real_people", "dataset.root=none", "dataset.multi_label=false", "dataset.anchors=[[0.05,0.15]]"]


def test_the_experiment_on_real_people_has_a_fine_level_and_mirrors_its_classes():
    config = compose_config("train", [*PEOPLE, "dataset.classes=[stand,walk_left,walk_right]"])
    config.dataset.exclusive_classes = 3
    net = build_detector(config)
    raw = net(torch.rand(2, 3, config.dataset.clip_len, 64, 96))
    assert net.strides == (8,) and raw["cls"].shape == (2, 8 * 12, 3)
    target = {"boxes": torch.tensor([[0.1, 0.2, 0.15, 0.35]]), "labels": torch.tensor([1])}
    net.criterion(raw, [target, target])["total"].backward()
    assert net.backbone3d.frame[0].conv.weight.grad.abs().sum() > 0
    assert build_datamodule(config).train_transform.mirror_label.tolist() == [0, 2, 1]


def test_mirrored_classes_that_the_data_do_not_have_are_refused():
    config = compose_config("train", [*PEOPLE, "dataset.classes=[run,fall]"])
    with pytest.raises(
        ConfigError, match=r"augment\.mirrored: no class is called walk_left; the classes are run, fall"
    ):
        build_datamodule(config)
