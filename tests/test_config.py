import pytest
import torch
from omegaconf import OmegaConf

from yowo.config import (
    PARTS,
    build_callbacks,
    build_detector,
    build_loggers,
    build_module,
    build_trainer,
    compose_config,
    conf_dir,
    groups,
    image_size,
    override_value,
    portable,
    register_checkpoint,
)
from yowo.errors import ConfigError, WeightsError
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["backbone3d=resnet9"],
            r"backbone3d=resnet9: there is no such choice; backbone3d has resnet101, .* shufflenetv2_2",
        ),
        (["model=yowo_pluss"], r"model has yowo, yowo_nano, yowo_plus, yowo_tiny\. Did you mean yowo_plus\?"),
        (
            ["optimizer.lrr=1"],
            r"optimizer\.lrr: there is no such key; optimizer has .*lr, weight_decay\. Did you mean lr\?",
        ),
        (["modle=yowo_plus"], r"modle: there is no such key; yowo train has .*model.*Did you mean model\?"),
        (["dataset.colour.depth=3"], r"dataset\.colour\.depth: there is no such key; dataset has .*anchors"),
        (["optimizer.lr="], r"optimizer\.lr: expected a number above 0, got"),
        (["optimizer.lr=fast"], r"optimizer\.lr: expected a number above 0, got fast"),
        (["dataset.clip_len=-4"], r"dataset\.clip_len: expected a whole number of at least 8, got -4"),
        (["dataset.clip_len=7"], r"dataset\.clip_len: expected a whole number of at least 8, got 7"),
        (
            ["dataset.anchors=[[1,2],[3]]"],
            r"dataset\.anchors: expected pairs \[width, height\] .*, got \[\[1, 2\], \[3\]\]",
        ),
        (["dataset.anchors=7"], r"dataset\.anchors: expected pairs"),
        (["dataset.image_size=100"], r"dataset\.image_size: expected a multiple of 32 or a pair .*, got 100"),
        (["dataset.image_size=[96,100]"], r"dataset\.image_size: expected a multiple of 32"),
        (["dataset.batch_size=0"], r"dataset\.batch_size: expected a whole number of at least 1, got 0"),
        (["augment.flip=2"], r"augment\.flip: expected a number from 0 to 1, got 2"),
        (["dataset.std=[1,0,1]"], r"dataset\.std: expected three numbers above 0"),
    ],
)
def test_mistakes_are_one_clear_line(overrides, message):
    with pytest.raises(ConfigError, match=message) as caught:
        compose_config("train", overrides)
    assert "\n" not in str(caught.value)


def test_configurations_are_found():
    assert (conf_dir() / "train.yaml").is_file()
    assert {"model", "backbone3d", "dataset", "optimizer", "schedule", "experiment"} <= set(groups())


def test_the_report_and_the_released_code_have_configurations_of_their_own():
    report = compose_config("train", ["experiment=yowo_plus_ava_k16"])
    released = compose_config("train", ["experiment=yowo_plus_ava_k16_released"])
    assert (report.schedule.scheduler.gamma, released.schedule.scheduler.gamma) == (0.1, 0.5)
    assert list(report.schedule.scheduler.milestones) == [3, 4, 5, 6] and report.trainer.max_epochs == 10
    assert (report.optimizer.weight_decay, released.optimizer.weight_decay) == (5e-4, 1e-4)
    assert (report.trainer.accumulate_grad_batches, released.trainer.accumulate_grad_batches) == (1, 16)
    assert (report.callbacks.warmup.batches, released.callbacks.warmup.batches) == (0, 500)
    ucf = compose_config("train", ["experiment=yowo_nano_ucf24"])
    assert (ucf.optimizer.lr, ucf.optimizer.weight_decay, ucf.trainer.max_epochs) == (1e-4, 5e-4, 5)
    assert list(ucf.schedule.scheduler.milestones) == [1, 2, 3, 4] and ucf.schedule.scheduler.gamma == 0.1
    assert list(ucf.dataset.train_dilation) == [1, 2] and ucf.dataset.clip_len == 16


def test_a_data_set_brings_its_schedule_and_augmentation_unless_told_otherwise():
    assert compose_config("train", ["dataset=motion"]).augment.flip == 0
    assert compose_config("train", ["dataset=ucf24"]).augment.flip == 0.5
    assert compose_config("train", ["dataset=ucf24", "augment=none"]).augment.flip == 0
    assert compose_config("train", ["experiment=yowo_plus_ucf24", "schedule=ava"]).schedule.epochs == 10


def test_ablations_swap_one_word():
    config = compose_config("train", ["model=yowo_plus", "backbone3d=resnet18"])
    assert config.backbone3d.name == "resnet18"
    assert build_detector(config).backbone3d.out_channels == 512


def test_the_class_loss_fits_the_labels():
    ucf, ava = (
        build_module(c, build_detector(c))
        for c in (
            compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]),
            compose_config("train", ["model=yowo_tiny", "dataset=ava"]),
        )
    )
    assert isinstance(ucf.criterion.class_loss, SoftmaxFocalLoss)
    assert isinstance(ava.criterion.class_loss, MultiHotFocalLoss) and len(ava.criterion.class_loss.class_ratio) == 80
    assert ava.detector.multi_hot and not ucf.detector.multi_hot


def test_anchors_scale_with_the_input_size():
    full = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]))
    half = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24", "dataset.image_size=[224,448]"]))
    assert torch.allclose(half.anchors, full.anchors * torch.tensor([2.0, 1.0]))
    assert image_size(compose_config("train", ["dataset.image_size=96"])) == (96, 96)


def test_checkpoints_remember_plain_containers_with_interpolations():
    plain = portable(compose_config("train", []))
    assert set(plain) == set(PARTS)
    assert plain["loss"]["assigner"] == "${assigner}"


def test_a_remembered_configuration_can_be_changed_key_by_key_and_by_group(tmp_path):
    config = compose_config("train", ["model=yowo_tiny", "dataset=ucf24", "dataset.image_size=64", "optimizer.lr=3e-3"])
    torch.save({"yowo": {"config": portable(config)}, "state_dict": {}}, tmp_path / "c.ckpt")
    register_checkpoint(str(tmp_path / "c.ckpt"))
    same = compose_config("eval", [f"checkpoint={tmp_path}/c.ckpt", "dataset.root=/data"])
    assert (same.dataset.image_size, same.dataset.root, same.optimizer.lr) == (64, "/data", 3e-3)
    assert same.model.name == "yowo_tiny" and same.source is None if "source" in same else True
    other = compose_config("eval", ["dataset=motion"])
    assert other.dataset.name == "motion" and other.model.name == "yowo_tiny"
    assert build_detector(same).anchors.tolist() == build_detector(config).anchors.tolist()


def test_a_checkpoint_without_a_configuration_says_what_to_do(tmp_path):
    torch.save({"state_dict": {"a": torch.ones(1)}}, tmp_path / "c.ckpt")
    with pytest.raises(WeightsError, match=r"c\.ckpt: holds weights but not the configuration.*weights=FILE"):
        register_checkpoint(str(tmp_path / "c.ckpt"))


def test_values_of_overrides_are_found():
    assert override_value(["a=1", "checkpoint='my file.ckpt'"], "checkpoint") == "my file.ckpt"
    assert override_value(["checkpoint=null"], "checkpoint") is None
    assert override_value(["checkpoints=x"], "checkpoint") is None


def test_the_trainer_loggers_and_callbacks_are_built_from_their_groups(tmp_path):
    config = compose_config("train", ["logger=[csv,tensorboard]", "callbacks=ema", "trainer=cpu"])
    OmegaConf.update(config, "callbacks.checkpoint.dirpath", str(tmp_path))
    OmegaConf.update(config, "callbacks.pictures.folder", str(tmp_path))
    for name in ("csv", "tensorboard"):
        OmegaConf.update(config, f"logger.{name}.save_dir", str(tmp_path))
    names = {type(callback).__name__ for callback in build_callbacks(config)}
    assert {"ModelCheckpoint", "EMAWeightAveraging", "RichProgressBar", "KeyFramePictures", "Warmup"} <= names
    assert [type(logger).__name__ for logger in build_loggers(config)] == ["CSVLogger", "TensorBoardLogger"]
    assert build_trainer(config, logger=False).max_epochs == config.schedule.epochs


def test_impossible_devices_are_a_config_error():
    config = compose_config("train", ["trainer.accelerator=quantum"])
    with pytest.raises(ConfigError, match="quantum"):
        build_trainer(config, logger=False)
