import pytest
import torch
from omegaconf import OmegaConf

from yowo.config.build import (
    build_callbacks,
    build_detector,
    build_loggers,
    build_module,
    build_trainer,
    image_size,
    scaled_anchors,
)
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss


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


def test_widths_of_anchors_scale_with_the_inputs_width_and_heights_with_its_height():
    full = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]))
    wide = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24", "dataset.image_size=[448,672]"]))
    assert torch.allclose(wide.anchors, full.anchors * torch.tensor([3.0, 2.0]))
    of_a_wide_picture = compose_config("train", ["dataset=ucf24", "dataset.anchors_at=[448,112]"])
    assert torch.allclose(torch.tensor(scaled_anchors(of_a_wide_picture)), full.anchors * torch.tensor([2.0, 0.5]))
    assert image_size(compose_config("train", ["dataset.image_size=96"])) == (96, 96)


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
