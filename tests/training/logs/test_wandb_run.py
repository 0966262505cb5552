import logging
from types import SimpleNamespace

import pytest
import wandb
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from omegaconf import OmegaConf

from tests.wandb_files import runs_below
from yowo.commands.wandb_end import ends_wandb_run
from yowo.config.build import build_detector
from yowo.config.build_training import build_callbacks, build_datamodule, build_loggers, build_module, build_trainer
from yowo.config.compose import compose_config
from yowo.config.logged_run import logged_configuration
from yowo.training.logs.run_configuration import RunConfiguration
from yowo.training.logs.wandb_run import WandbRun

SMALL = [
    *("model=yowo_tiny", "dataset=motion", "dataset.image_size=64", "dataset.num_train=2", "dataset.num_val=1"),
    *("dataset.num_frames=16", "dataset.num_val_frames=16", "dataset.batch_size=4", "callbacks.tube_clip.frames=8"),
    *("trainer=cpu", "trainer.max_epochs=2", "trainer.limit_train_batches=4", "trainer.accumulate_grad_batches=2"),
    *("trainer.log_every_n_steps=1", "trainer.limit_val_batches=1", "logger=[wandb,csv,tensorboard]"),
    *(
        "callbacks.progress=null",
        "callbacks.errors.every=2",
        "callbacks.pictures.count=2",
        "logger.wandb.log_model=true",
        "logger.wandb.tags=[mine]",
        "logger.wandb.mode=offline",
    ),
]
VALIDATION = {
    *("val/total", "val/frame_map/0.5", "val/key_frames", "val/tubes", "val/ap_by_class", "val/ap_bars_table"),
    *("best/frame_map/0.5", "best/epoch", "best/step"),
}
FIRST_VALIDATION = {"val/confusion", "val/confusion_table", "val/errors", "val/errors_table"}
"""Of every second validation, see `SMALL`."""
TRAINING = {
    *("train/total", "train/box", "lr-AdamW", "train/grad_norm", "train/clips_per_s", "train/data_wait"),
    *("trainer/global_step", "epoch"),
}


def placed(config, folder):
    """Let everything be written into a folder, as a Hydra job would."""
    for name in config.callbacks:
        for key in ("folder", "dirpath"):
            if key in (config.callbacks[name] or {}):
                OmegaConf.update(
                    config,
                    f"callbacks.{name}.{key}",
                    str(folder / "pictures" if key == "folder" and name != "last" else folder),
                )
    for name in config.logger:
        config.logger[name].save_dir = str(folder)
    return config


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """The folder of a training of two epochs of two steps, with all loggers."""
    HydraConfig.instance().cfg = None  # of another test in this process
    folder = tmp_path_factory.mktemp("run")
    config = placed(compose_config("train", [*SMALL, f"dataset.root={folder}/motion"]), folder)
    data, detector = build_datamodule(config), build_detector(config)
    known = RunConfiguration(logged_configuration(config, {"command": "yowo train"}))
    trainer = build_trainer(config, logger=build_loggers(config), callbacks=[known, *build_callbacks(config)])
    with ends_wandb_run():
        trainer.fit(build_module(config, detector, data), data)
    return folder


@pytest.fixture(scope="module")
def run(reviewed):
    runs = runs_below(reviewed)
    assert len(runs) == 1
    return runs[0]


def test_a_job_is_one_run_with_name_tags_and_configuration(run):
    assert (run.name, run.job_type, run.group, run.exit_code) == ("yowo_tiny-motion", "train", "", 0)
    assert run.tags == ["yowo_tiny", "motion", "mine"]
    assert run.config["optimizer"]["lr"] > 0 and run.config["run"] == {"command": "yowo train"}
    assert "logger" not in run.config and "folder" not in run.config["callbacks"]["pictures"]


def test_what_is_logged_at_a_step_is_one_row(run):
    assert [row["trainer/global_step"] for row in run.history] == [row["_step"] for row in run.history] == [1, 2, 3, 4]
    assert [row["epoch"] for row in run.history] == [0, 0, 1, 1]
    assert all(set(row) >= TRAINING for row in run.history)
    assert [set(row) >= VALIDATION for row in run.history] == [False, True, False, True]
    assert [set(row) >= FIRST_VALIDATION for row in run.history] == [False, True, False, False]
    assert all(any(name.startswith("val/ap/") for name in row) for row in run.history[1::2])


def test_the_summary_is_the_best_value(run):
    best = max(row["val/frame_map/0.5"] for row in run.history[1::2])
    assert run.summary["val/frame_map/0.5"] == {"max": pytest.approx(best)}
    assert run.summary["best/frame_map/0.5"] == pytest.approx(best)


def test_pictures_tables_and_the_video_are_files_of_the_run(run):
    for start, count in (("images/val/key_frames", 2), ("videos/val/tubes", 2), ("table/val/confusion_table", 1)):
        assert len([path for path in run.files if path.startswith(f"media/{start}")]) == count, start
    assert any(path.startswith("media/metadata/boxes2D/val/key_frames") for path in run.files)


def test_the_best_checkpoint_is_an_artifact_with_its_configuration(run):
    model = next(artifact for artifact in run.artifacts if artifact.type == "model")
    assert model.name == "yowo_tiny-motion" and "best" in model.aliases
    assert [entry.path for entry in model.manifest.contents] == ["best.ckpt", "config.yaml"]


def test_csv_and_tensorboard_have_the_same_steps_and_configuration(reviewed):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    header, *rows = [line.split(",") for line in (reviewed / "csv" / "metrics.csv").read_text().splitlines()]
    rows = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["step"] for row in rows if row["train/total"]] == ["1", "2", "3", "4"]
    assert [row["step"] for row in rows if row["val/total"]] == ["2", "4"]
    events = EventAccumulator(str(reviewed / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("train/total")] == [1, 2, 3, 4]
    assert [event.step for event in events.Scalars("val/frame_map/0.5")] == [2, 4]
    for name in ("val/key_frames", "val/tubes", "val/ap_by_class"):
        assert [event.step for event in events.Images(name)] == [2, 4], name
    for name in ("val/confusion", "val/errors"):
        assert [event.step for event in events.Images(name)] == [2], name
    assert "_hparams_/session_start_info" in events.summary_metadata
    for logger in ("csv", "tensorboard"):
        assert "optimizer:" in (reviewed / logger / "hparams.yaml").read_text()


def test_the_pictures_are_on_the_disk(reviewed):
    names = {path.name for path in (reviewed / "pictures").iterdir()}
    every = {f"{name}epoch_00{epoch}" for name in ("", "ap_by_class_", "tubes_") for epoch in (0, 1)}
    assert {name.partition(".")[0] for name in names} == every | {"confusion_epoch_000", "errors_epoch_000"}


class FullDisk:
    """A run of W&B that can write nothing."""

    name = id = "x"

    def log(self, *_, **__):
        raise OSError(28, "No space left on device")

    log_artifact = define_metric = log


def test_a_failure_of_wandb_is_one_warning(caplog, tmp_path):
    logger = WandbRun(log_model=True, save_dir=str(tmp_path), mode="offline")
    logger._experiment = FullDisk()
    with caplog.at_level(logging.WARNING):
        for step in (1, 2):
            logger.log_metrics({"train/total": 1.0}, step=step)
        logger.summarise("val/x", "max")
        logger.log_checkpoint(tmp_path / "missing.ckpt", ["best"], {})
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3 and all("; the run goes on" in line for line in said)
    assert said[0].startswith("Weights & Biases: train/total cannot be logged ([Errno 28] No space left on device)")


def test_a_run_that_cannot_start_is_offline_and_then_disabled(monkeypatch, caplog, tmp_path):
    asked = []

    def start(**options):
        asked.append(options["mode"])
        if options["mode"] != "disabled":
            raise wandb.errors.CommError("no route to the server")
        return SimpleNamespace(log=lambda *_, **__: None)

    monkeypatch.setattr(wandb, "init", start)
    monkeypatch.setattr(wandb, "run", None)
    with caplog.at_level(logging.WARNING):
        WandbRun(save_dir=str(tmp_path), mode="online").log_metrics({"a": 1.0}, step=1)
    assert asked == ["online", "offline", "disabled"]
    assert "the run cannot be online, it is now offline (no route to the server)" in caplog.text


def test_the_loggers_of_the_configuration_are_ours_or_those_of_lightning(tmp_path):
    config = placed(compose_config("train", ["logger=[wandb,csv,tensorboard]", "logger.wandb.mode=offline"]), tmp_path)
    assert [type(logger) for logger in build_loggers(config)] == [WandbRun, CSVLogger, TensorBoardLogger]
