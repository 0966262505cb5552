"""A network family is one file and one yaml: made-up ones go through the package without an edit to it."""

import pytest
import torch

import yowo
from tests.made_up_families import AnchorFamily, PointFamily
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule, build_module, build_trainer
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.models.cost import module_costs

YAML = """# @package _global_
defaults:
  - override /assigner: {assigner}
  - override /box_loss: {box_loss}
  - _self_

model:
  name: {name}
  _target_: tests.made_up_families.{target}
  exclusive_classes: ${{dataset.exclusive_classes}}
  anchor_set: yowo_plus
"""
FAMILIES = {
    "points": YAML.format(name="points", target="PointFamily", assigner="best_prediction", box_loss="giou"),
    "two_levels": YAML.format(name="two_levels", target="AnchorFamily", assigner="anchor_iou", box_loss="smooth_l1"),
}
TARGETS = [
    {"boxes": torch.tensor([[0.1, 0.2, 0.4, 0.6], [0.5, 0.5, 0.95, 0.9]]), "labels": torch.tensor([1, 2])},
    {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)},
]

pytestmark = pytest.mark.slow


@pytest.fixture
def search(tmp_path):
    """The override that makes Hydra find the families' yaml files outside the package."""
    (tmp_path / "conf" / "model").mkdir(parents=True)
    for name, text in FAMILIES.items():
        (tmp_path / "conf" / "model" / f"{name}.yaml").write_text(text)
    return f"hydra.searchpath=[file://{tmp_path}/conf]"


@pytest.mark.parametrize("name", FAMILIES)
def test_it_learns(name, search):
    torch.manual_seed(0)
    net, clips = yowo.build_model(name, "motion", 8, search), torch.rand(2, 3, 8, 96, 128)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    sums = []
    for _ in range(40):
        losses = yowo.compute_losses(net, net(clips), TARGETS)
        sums.append((losses["box"] + losses["cls"]).item())
        optimizer.zero_grad()
        losses["total"].backward()
        optimizer.step()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    assert sums[-1] < 0.5 * sums[0]
    assert (losses["conf"].item() == 0) == (name == "points")


@pytest.mark.parametrize("name", FAMILIES)
def test_it_detects_with_boxes_of_every_level(name, search):
    torch.manual_seed(0)
    net, clips = yowo.build_model(name, "motion", 8, search), torch.rand(2, 3, 8, 96, 128)
    raw = net.eval()(clips)
    fine = raw["levels"][0].predictions
    assert [level.stride for level in raw["levels"]] == list(net.strides)
    assert sum(level.predictions for level in raw["levels"]) == raw["cls"].shape[1] == len(raw["points"])
    found = yowo.detect(net, clips, score_threshold=0.0, nms_threshold=1.0, top_k=raw["cls"].shape[1] * 8)
    assert len(found) == 2 and found[0]["labels"].shape == found[0]["scores"].shape
    for part in (slice(0, fine), slice(fine, None)):
        box = (raw["boxes"][0, part][0] / torch.tensor([128.0, 96, 128, 96])).clamp(0, 1)
        assert (found[0]["boxes"] - box).abs().amax(dim=1).min() < 1e-6


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_trained_tested_and_loaded_again_through_lightning(name, search, tmp_path):
    small = ["num_train=2", "num_val=1", "num_frames=16", "num_val_frames=16", f"root={tmp_path}/motion"]
    options = [f"model={name}", "trainer=cpu", "callbacks=default", *(f"dataset.{option}" for option in small)]
    config = compose_config("train", [search, "dataset=motion", *options])
    module, data = build_module(config, build_detector(config)), build_datamodule(config)
    trainer = build_trainer(
        config, logger=False, callbacks=[], default_root_dir=tmp_path, max_epochs=1, limit_train_batches=1
    )
    before = {key: value.clone() for key, value in module.detector.state_dict().items()}
    trainer.fit(module, datamodule=data)
    assert any(not torch.equal(value, before[key]) for key, value in module.detector.state_dict().items())
    scores = trainer.test(module, datamodule=data)[0]
    assert {"test/total", "test/frame_map/0.5", "test/video_map/0.5"} <= set(scores)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    again = yowo.load_model(tmp_path / "last.ckpt")
    clips = torch.rand(1, 3, 8, 96, 128)
    assert torch.equal(again(clips)["boxes"], module.detector.eval()(clips)["boxes"])


def test_anchors_are_passed_where_the_constructor_takes_them_and_the_yaml_has_none(search):
    assert isinstance(yowo.build_model("points", "motion", 8, search), PointFamily)
    given = yowo.build_model("two_levels", "motion", 8, search)
    assert isinstance(given, AnchorFamily) and len(given.anchors) == 5
    own = yowo.build_model("two_levels", "motion", 8, search, "+model.anchors=[[16,16],[64,64]]")
    assert own.anchors.tolist() == [[16, 16], [64, 64]] and own.counts == [1, 1]


def test_its_parts_are_measured(search):
    with torch.device("meta"):
        net = yowo.build_model("points", "motion", 8, search).to("meta")
    stem, down, heads = module_costs(net, 8, (96, 128))
    assert (stem.name, down.name, heads.name) == ("stem", "down", "heads")
    assert stem.shape == (8, 8, 24, 32) and stem.multiply_adds == 8 * 24 * 32 * 8 * 3 * 27
    assert heads.parameters == 2 * 9 * 12 and heads.multiply_adds == 8 * 12 * (6 * 8 + 3 * 4)


def test_a_target_that_does_not_exist_is_named(search):
    with pytest.raises(ConfigError, match=r"model\._target_: .*NoSuchFamily"):
        yowo.build_model("points", "motion", 8, search, "model._target_=tests.made_up_families.NoSuchFamily")
