import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from yowo.config.logged_run import changes, logged_configuration, run_names


def test_names_do_not_depend_on_the_order_of_the_words_and_end_with_the_seed():
    typed = ["seed=2", "optimizer.lr=0.01", "assigner=yowo", "optimizer.lr=0.1"]
    assert changes(typed) == changes(typed[:1] + typed[3:] + typed[2:3]) == ["assigner=yowo", "lr=0.1", "seed=2"]


def test_keys_with_the_same_last_part_are_written_out():
    assert changes(["loss.weight=2", "class_loss.weight=3"]) == ["class_loss.weight=3", "loss.weight=2"]


@pytest.mark.parametrize(
    "override",
    [
        *("model=yowo", "dataset=ucf24", "dataset.root=/data/x", "resume=a.ckpt", "logger=[csv]", "trainer=cpu"),
        *("trainer.devices=2", "hydra.run.dir=x", "experiment=yowo_ucf24", "callbacks.pictures.count=2"),
    ],
)
def test_what_does_not_change_the_training_is_not_in_the_name(override):
    assert changes([override]) == []


def test_paths_and_long_values_are_short():
    assert changes(["weights='/a/b c/yolo=1.weights'"]) == ["weights=yolo=1.weights"]
    assert changes([f"dataset.train_videos=[{'v,' * 40}]"]) == ["train_videos=[v,v,v,v,v,v,v,v,v,v,v,…"]


def test_a_job_of_a_sweep_is_grouped_by_the_folder_of_the_sweep(monkeypatch):
    config = OmegaConf.create({"model": {"name": "yowo_tiny"}, "dataset": {"name": "motion"}})
    node = {
        "hydra": {
            "sweep": {"dir": "runs/train-sweep/monday"},
            "overrides": {"task": ["seed=1", "optimizer.lr=0.1"]},
            "runtime": {"choices": {"experiment": "custom_quick", "recipe": "paper", "sweep": None}},
        }
    }
    hydra = OmegaConf.create(node).hydra
    hydra.mode = RunMode.MULTIRUN
    monkeypatch.setattr(HydraConfig, "initialized", staticmethod(lambda: True))
    monkeypatch.setattr(HydraConfig, "get", staticmethod(lambda: hydra))
    names = run_names(config)
    hydra.overrides.task = ["seed=12", *(f"loss.weight_{number}={number}" for number in range(20))]
    assert len(run_names(config).name) == 128 and run_names(config).name.endswith("-seed=12")
    assert names.name == "yowo_tiny-motion-custom_quick-lr=0.1-seed=1"
    assert names.group == "monday"
    assert names.tags == ("yowo_tiny", "motion", "paper", "custom_quick")


def test_the_logged_configuration_has_values_and_neither_secrets_nor_missing_ones():
    config = OmegaConf.create(
        {
            "lr": 0.1,
            "twice": "${lr}",
            "root": "???",
            "below_root": "${root}/x",
            "nested": {"api_key": "s", "key_frame_stride": 2, "list": [1, "${lr}"]},
            "logger": {"wandb": {"name": "x"}},
            "callbacks": {"pictures": {"folder": "/home/me/run", "count": 2}},
        }
    )
    assert logged_configuration(config, {"python": "3.11"}) == {
        "lr": 0.1,
        "twice": 0.1,
        "nested": {"key_frame_stride": 2, "list": [1, 0.1]},
        "callbacks": {"pictures": {"count": 2}},
        "run": {"python": "3.11"},
    }
