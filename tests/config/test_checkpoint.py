import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import torch

from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule
from yowo.config.checkpoint import (
    MOVED,
    PARTS,
    REMEMBERED,
    network_parts,
    portable,
    register_checkpoint,
    register_parts,
    shown_rule,
    up_to_date,
)
from yowo.config.compose import compose_config
from yowo.errors import WeightsError


def test_checkpoints_remember_plain_containers_with_interpolations():
    config = compose_config("train", [])
    plain = portable(config)
    assert set(network_parts(config)) == set(REMEMBERED) < set(plain)
    assert plain["loss"]["assigner"] == "${assigner}" and "resume" not in plain and "hydra" not in plain


def test_a_whole_run_is_composed_from_its_checkpoint_as_groups():
    typed = ["recipe=released", "dataset=ucf24", "trainer=cpu", "logger=[csv,tensorboard]", "callbacks=ema", "seed=7"]
    first = compose_config("train", [*typed, "trainer.max_epochs=30", "+note=mine"])
    register_parts(portable(first))
    again = compose_config("train", ["resume=x", *(f"{part}=from_checkpoint" for part in PARTS)])
    assert portable(again) == portable(first) and again.trainer.accumulate_grad_batches == 16


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
    with pytest.raises(
        WeightsError,
        match=r"c\.ckpt: expected a checkpoint of `yowo train`, got weights without a configuration.*weights=FILE",
    ):
        register_checkpoint(str(tmp_path / "c.ckpt"))


@pytest.mark.parametrize("name", ["motion", "ava"])
def test_a_checkpoint_of_an_earlier_version_still_makes_its_network_and_its_data(name, tmp_path):
    remembered = json.loads((Path(__file__).parent / "remembered_by_0_1_0.json").read_text())[name]
    torch.save({"yowo": {"config": remembered}, "state_dict": {}}, tmp_path / "old.ckpt")
    register_checkpoint(str(tmp_path / "old.ckpt"))
    config = compose_config(
        "eval", [f"checkpoint={tmp_path}/old.ckpt", f"dataset.root={tmp_path}", "dataset.batch_size=3"]
    )
    now = compose_config("train", [f"dataset={name}", "model=yowo_tiny"])
    data = build_datamodule(config)
    assert type(data.data).__module__ == f"yowo.datasets.{name}" and data.batch_size == 3
    assert (data.clip_len, data.data.decoder) == (now.dataset.clip_len, "decord")
    assert list(config.dataset.classes) == list(now.dataset.classes)
    assert build_detector(config).anchors.tolist() == build_detector(now).anchors.tolist()


def test_a_checkpoint_of_an_earlier_version_gets_new_names_of_modules_and_what_it_did_not_have():
    node = {"_target_": "yowo.data.ucf24.UCF24", "root": "yowo.data.ucf24.stays"}
    old = {
        "dataset": {"name": "ucf24", "clip_len": 8, "source": node},
        "metric": {"test": [{"_target_": "yowo.data.motion.Motion"}, {"_target_": "torch.nn.ReLU"}]},
    }
    new = up_to_date(old)
    assert new["dataset"]["source"] == {"_target_": "yowo.datasets.ucf24.UCF24", "root": "yowo.data.ucf24.stays"}
    assert [n["_target_"] for n in new["metric"]["test"]] == ["yowo.datasets.motion.Motion", "torch.nn.ReLU"]
    assert new["dataset"]["clip_len"] == 8 and new["dataset"]["balanced"] is False
    assert new["decoder"]["name"] == "decord" and "decoder" not in old
    assert old["dataset"]["source"]["_target_"] == "yowo.data.ucf24.UCF24"


@pytest.mark.parametrize("module", MOVED)
def test_every_module_that_has_moved_is_where_it_is_said_to_be(module):
    assert import_module(MOVED[module].removesuffix(".")).__name__ == MOVED[module].removesuffix(".")
    with pytest.raises(ModuleNotFoundError, match=re.escape(module.removesuffix("."))):
        import_module(module.removesuffix("."))


def test_a_checkpoints_own_decoder_stays():
    assert up_to_date({"dataset": {}, "decoder": {"name": "pyav"}})["decoder"] == {"name": "pyav"}


def remembered_rule(rule, tmp_path, command, dataset=None, overrides=()):
    """The rule for detections that a command gets from a checkpoint."""
    config = portable(compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]))
    config |= {"postprocess": rule, "dataset": {**config["dataset"], **(dataset or {})}}
    if dataset is None:  # as an earlier version remembered it
        config["dataset"] = {k: v for k, v in config["dataset"].items() if k not in ("top_k", "max_detections")}
    torch.save({"yowo": {"config": config}, "state_dict": {}}, tmp_path / "c.ckpt")
    register_checkpoint(str(tmp_path / "c.ckpt"), command)
    return compose_config(command, [f"checkpoint={tmp_path}/c.ckpt", *overrides]).postprocess


OLD = {"_target_": "yowo.models.postprocess.PostProcess", "exclusive_classes": 24, "nms_threshold": 0.6, "top_k": 40}
NEW = {**OLD, "top_k": "${dataset.top_k}", "max_detections": "${dataset.max_detections}", "class_agnostic_nms": False}
CONFIDENCE = {"_target_": "yowo.models.postprocess.ConfidenceOrder", "exclusive_classes": 24, "every_class": True}


@pytest.mark.parametrize(("rule", "dataset"), [(OLD, None), (NEW, {"top_k": 40, "max_detections": None})])
def test_detection_has_no_limit_and_one_box_a_person_whatever_the_checkpoints_protocol(rule, dataset, tmp_path):
    shown = remembered_rule(rule, tmp_path, "detect", dataset)
    assert (shown.top_k, shown.max_detections, shown.class_agnostic_nms, shown.nms_threshold) == (None, None, True, 0.6)
    typed = remembered_rule(
        rule, tmp_path, "detect", dataset, ["postprocess.top_k=7", "postprocess.class_agnostic_nms=false"]
    )
    assert (typed.top_k, typed.class_agnostic_nms) == (7, False)
    scored = remembered_rule(rule, tmp_path, "eval", dataset)
    assert (scored.top_k, scored.max_detections, scored.class_agnostic_nms) == (40, None, False)


def test_an_earlier_checkpoint_of_own_data_is_evaluated_without_the_limit(tmp_path):
    old = up_to_date({"dataset": {"name": "custom", "from_data": True}, "postprocess": OLD})
    assert old["postprocess"]["top_k"] == "${dataset.top_k}" and old["dataset"]["top_k"] is None
    typed = up_to_date({"dataset": {"from_data": True}, "postprocess": {**OLD, "top_k": 100}})
    assert typed["postprocess"]["top_k"] == 100


def test_the_originals_rule_shows_each_box_with_its_best_class(tmp_path):
    assert remembered_rule(CONFIDENCE, tmp_path, "detect", {}).every_class is False
    assert remembered_rule(CONFIDENCE, tmp_path, "eval", {}).every_class is True


def test_a_rule_of_ones_own_is_shown_as_it_is():
    assert shown_rule({"_target_": "mine.Rule", "top_k": 3}) == {"_target_": "mine.Rule", "top_k": 3}
