from functools import partial

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR, OneCycleLR
from torch.utils.data import DataLoader

from yowo.errors import ConfigError
from yowo.training.parameter_groups import GroupedOptimizer, ParameterGroups, make_schedule

ADAMW = partial(torch.optim.AdamW, lr=0.1, weight_decay=0.5)


class Backbone(nn.Sequential):
    stages = (("0", "1"), ("2",))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3, bias=False))
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


def groups(optimizer):
    return {g.get("name"): (len(g["params"]), round(g["lr"], 6), g["weight_decay"]) for g in optimizer.param_groups}


def test_without_options_there_is_one_group_in_the_order_of_the_network():
    net = Net()
    (group,) = GroupedOptimizer(ADAMW)(net).param_groups
    assert "name" not in group and group["lr"] == 0.1
    assert all(one is other for one, other in zip(group["params"], net.parameters(), strict=True))


def test_parts_have_their_factor_of_the_rate_and_the_inner_one_counts():
    made = GroupedOptimizer(ADAMW, ParameterGroups({"backbone": 0.1, "backbone.2": 0.5}))(Net())
    assert list(groups(made)) == ["rest", "backbone", "backbone.2"]
    assert groups(made) == {"rest": (2, 0.1, 0.5), "backbone": (4, 0.01, 0.5), "backbone.2": (1, 0.05, 0.5)}


def test_the_rate_falls_from_stage_to_stage_towards_the_input():
    made = GroupedOptimizer(ADAMW, ParameterGroups({"backbone.2": 0.5}, layer_decay=0.8))(Net())
    assert groups(made) == {
        "rest": (2, 0.1, 0.5),
        "backbone.0": (4, 0.064, 0.5),
        "backbone.2": (1, 0.04, 0.5),
    }


def test_biases_and_norms_can_be_spared_of_weight_decay():
    made = GroupedOptimizer(ADAMW, ParameterGroups({"backbone": 0.1}, no_decay_norms=True))(Net())
    assert groups(made) == {
        "rest": (1, 0.1, 0.5),
        "rest no decay": (1, 0.1, 0.0),
        "backbone": (2, 0.01, 0.5),
        "backbone no decay": (3, 0.01, 0.0),
    }


def test_a_single_part_that_is_trained_keeps_its_factor():
    net = Net()
    net.backbone.requires_grad_(False)
    assert groups(GroupedOptimizer(ADAMW, ParameterGroups({"head": 0.1}))(net)) == {"head": (2, 0.01, 0.5)}


def test_the_backbones_of_this_package_tell_their_stages():
    from yowo.models.backbones2d.yolov2 import YOLOv2
    from yowo.models.backbones3d.resnet import tiny_resnet3d
    from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2

    for backbone in (YOLOv2(width=0.05), tiny_resnet3d(4), ShuffleNetV2("0.25x")):
        named = [part for stage in backbone.stages for part in stage]
        covered = {name for name, _ in backbone.named_parameters() if name.startswith(tuple(f"{p}." for p in named))}
        assert covered == dict(backbone.named_parameters()).keys()
        assert all(backbone.get_submodule(part) for part in named)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr_factors": {"backbone3d": 0.1}}, "optimizer.lr_factors: the network has no part 'backbone3d'"),
        ({"lr_factors": {"head": -1}}, "optimizer.lr_factors.head: expected a number of at least 0, got -1"),
        ({"lr_factors": {"head": "slow"}}, "got 'slow'"),
        ({"layer_decay": 1.5}, "optimizer.layer_decay: expected a number above 0 and at most 1"),
    ],
)
def test_wrong_values_are_told(options, words):
    with pytest.raises(ConfigError, match=words):
        GroupedOptimizer(ADAMW, ParameterGroups(**options))(Net())


def test_layer_decay_needs_stages():
    with pytest.raises(ConfigError, match="no backbone of this network has stages"):
        GroupedOptimizer(ADAMW, ParameterGroups(layer_decay=0.9))(nn.Linear(2, 2))


def test_schedules_keep_the_factors():
    optimizer = GroupedOptimizer(ADAMW, ParameterGroups({"backbone": 0.1}))(Net())
    one_cycle = make_schedule(partial(OneCycleLR, max_lr=0.1), optimizer, lambda: 10)
    seen = []
    for _ in range(10):
        seen.append([g["lr"] for g in optimizer.param_groups])
        optimizer.step()
        one_cycle.step() if len(seen) < 10 else None
    assert max(rate for rate, _ in seen) == pytest.approx(0.1) and seen[0] != seen[-1]
    assert all(inner == pytest.approx(0.1 * outer) for outer, inner in seen)

    optimizer = GroupedOptimizer(ADAMW, ParameterGroups({"backbone": 0.1}))(Net())
    steps = make_schedule(partial(MultiStepLR, milestones=[1]), optimizer, lambda: pytest.fail("not needed"))
    optimizer.step()
    steps.step()
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.01, 0.001])


def test_other_groups_than_the_checkpoints_are_told_in_one_line():
    stored = GroupedOptimizer(ADAMW, ParameterGroups({"backbone": 0.1}))(Net()).state_dict()
    net = Net()
    net.backbone.requires_grad_(False)
    with pytest.raises(
        ConfigError, match=r"has rest \(2 parameters\), backbone \(5 parameters\), this run's one group"
    ):
        GroupedOptimizer(ADAMW)(net).load_state_dict(stored)


def test_how_a_step_is_computed_is_this_runs_choice_and_the_rates_are_the_checkpoints():
    net = Net()
    first = GroupedOptimizer(partial(ADAMW, fused=True))(net)
    net(torch.randn(4, 3)).sum().backward()
    first.step()
    first.param_groups[0]["lr"] = 0.03
    second = GroupedOptimizer(ADAMW)(net)
    second.load_state_dict(first.state_dict())
    assert not second.param_groups[0]["fused"] and second.param_groups[0]["lr"] == 0.03
    second.step()


class Fitted(L.LightningModule):
    """A module as `ActionDetection` makes optimizer and schedule."""

    def __init__(self, maker):
        super().__init__()
        self.net, self.maker = Net(), maker

    def training_step(self, batch, _):
        return 100 * self.net(batch).square().mean()

    def configure_optimizers(self):
        return {"optimizer": (made := self.maker(self.net)), "lr_scheduler": MultiStepLR(made, [1])}


@pytest.mark.parametrize("algorithm", ["norm", "value"])
def test_a_fused_optimizer_goes_with_clipping_in_half_precision_and_the_monitor_names_groups(tmp_path, algorithm):
    torch.manual_seed(0)
    batches = DataLoader(torch.randn(8, 3), batch_size=4)
    weights = []
    for fused in (False, True):
        torch.manual_seed(0)
        module = Fitted(GroupedOptimizer(partial(ADAMW, fused=fused), ParameterGroups({"backbone": 0.1})))
        trainer = L.Trainer(
            accelerator="cpu",
            devices=1,
            precision="bf16-mixed",
            max_epochs=1,
            gradient_clip_val=0.01,
            gradient_clip_algorithm=algorithm,
            logger=CSVLogger(tmp_path, f"{algorithm}{fused}", version=0),
            callbacks=[LearningRateMonitor("step")],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=1,
        )
        trainer.fit(module, batches)
        weights.append(torch.cat([p.detach().flatten() for p in module.parameters()]))
    assert torch.allclose(*weights, atol=1e-6)
    header = (tmp_path / f"{algorithm}True" / "version_0" / "metrics.csv").read_text().splitlines()[0]
    assert {"lr-AdamW/rest", "lr-AdamW/backbone"} <= set(header.split(","))


def test_the_factor_of_an_attention_can_decay_where_norms_and_biases_do_not():
    net = Net()
    net.head.gamma = nn.Parameter(torch.zeros(1))
    spared = groups(GroupedOptimizer(ADAMW, ParameterGroups(no_decay_norms=True))(net))
    decays = groups(GroupedOptimizer(ADAMW, ParameterGroups(no_decay_norms=True, decay_gamma=True))(net))
    assert spared == {"rest": (3, 0.1, 0.5), "rest no decay": (5, 0.1, 0.0)}
    assert decays == {"rest": (4, 0.1, 0.5), "rest no decay": (4, 0.1, 0.0)}
