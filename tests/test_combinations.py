"""Parts of the family in combinations: what fits computes, learns and detects; what does not is one clear line."""

import pytest
import torch

import yowo
from yowo.errors import ConfigError

SIZE, CLIP_LEN = (64, 96), 8
SMALL = {
    "yowo_v2_nano": ("model.width=16", "backbone2d=shufflenetv2", "backbone3d=resnet_mini"),
    "yowo_v3": ("model.width=16", "backbone2d=yolov8_n", "backbone3d=resnet_mini"),
    "yowo_tiny": ("backbone3d=resnet_mini",),
    "yowof_r18": ("model.tower_depth=1", "fusion.channels=16", "backbone2d=yolov2_tiny"),
}
"""Narrow variants of a model of each family."""


def check(model, *overrides, dataset="motion", frames=CLIP_LEN, size=SIZE):
    """Build, compute a loss of a full and an empty clip, go backward, and detect."""
    torch.manual_seed(0)
    network = yowo.build_model(model, dataset, frames, *SMALL[model], *overrides)
    clips = torch.rand(2, 3, frames, *size)
    raw = network(clips)
    labels = torch.eye(network.num_classes)[:2] if network.multi_hot else torch.tensor([1, 2])
    boxes = torch.tensor([[0.1, 0.1, 0.5, 0.9], [0.5, 0.2, 0.9, 0.8]])
    targets = [{"boxes": boxes, "labels": labels}, {"boxes": boxes[:0], "labels": labels[:0]}]
    losses = yowo.compute_losses(network, raw, targets)
    assert all(torch.isfinite(value) for value in losses.values()) and losses["total"] > 0
    losses["total"].backward()
    first = next(p for p in network.backbone2d.parameters() if p.requires_grad)
    assert torch.isfinite(first.grad).all() and first.grad.abs().sum() > 0
    assert sum(level.predictions for level in raw["levels"]) == raw["cls"].shape[1]
    assert len(yowo.detect(network, clips, score_threshold=0.0)) == 2
    return network


BACKBONES = [
    ("yowo_v2_nano", "backbone2d=yolov8_n"),
    ("yowo_v3", "backbone2d=shufflenetv2"),
    ("yowo_v3", "fusion=coupled"),
    *(("yowo_v2_nano", f"backbone2d={name}") for name in ("elan_tiny", "elan_large")),
    *(("yowo_v3", f"backbone2d={name}") for name in ("elan_tiny", "elan_large")),
    *(("yowo_v3", f"backbone2d=yolov8_{size}") for size in "smlx"),
    *(("yowo_tiny", f"backbone2d={name}") for name in ("yolov2", "resnet18", "resnet50")),
    *(("yowof_r18", f"backbone2d={name}") for name in ("resnet18", "resnet50")),
    *(
        (model, f"backbone3d={name}")
        for model in ("yowo_v2_nano", "yowo_v3", "yowo_tiny")
        for name in (
            "i3d",
            "shufflenetv2_0.25x",
            "shufflenetv2_1.0x",
            "shufflenetv2_2.0x",
            "resnet18",
            "resnet50",
            "resnet101",
            "resnext101",
            "resnet_tiny",
        )
    ),
    ("yowo_v2_nano", "fusion=coupled"),
]


def marked(rows):
    return [pytest.param(*row, marks=pytest.mark.long) for row in rows]


@pytest.mark.parametrize(("model", "part"), [*BACKBONES[:1], *marked(BACKBONES[1:])])
def test_backbones_and_fusions_go_with_every_network_of_as_many_levels(model, part):
    check(model, part)


LOSSES = [
    *(("yowo_v2_nano", f"assigner={name}") for name in ("simota", "tal", "best_prediction")),
    *(("yowo_v3", f"assigner={name}") for name in ("simota", "tal", "best_prediction")),
    *((m, f"assigner={name}") for m in ("yowo_tiny", "yowof_r18") for name in ("simota", "uniform", "yowo")),
    *(("yowo_v2_nano", f"loss={name}") for name in ("yowo", "yowo_plus")),
    ("yowo_tiny", "loss=yowo_v2"),
    ("yowo_v3", "loss=yowof"),
    *(("yowo_v2_nano", f"postprocess={name}") for name in ("default", "yowo")),
    *(("yowo_v3", f"postprocess={name}") for name in ("yowof",)),
    *(("yowof_r18", f"postprocess={name}") for name in ("yowo_v3",)),
]


@pytest.mark.parametrize(("model", "part"), marked(LOSSES))
def test_assigners_losses_and_rules_go_with_every_network_that_has_what_they_need(model, part):
    check(model, part)


@pytest.mark.parametrize("model", SMALL)
@pytest.mark.parametrize(
    ("options", "given"),
    [
        (("dataset.image_size=[96,64]",), {"size": (96, 64), "frames": 16}),
        ((), {"dataset": "ava"}),
        (("channels_last=true",), {}),
        (("recipe=released",), {"dataset": "ucf24"}),
    ],
)
@pytest.mark.long
def test_sizes_classes_layouts_and_recipes(model, options, given):
    check(model, *options, **given)


REFUSED = [
    ("yowo_v2_nano", "fusion=cfam", "fusion: YOWOv2 needs fusion=decoupled or coupled; CFAM does not fit"),
    ("yowo_v3", "backbone3d=none", "backbone3d: YOWOv3 needs one"),
    ("yowo_v3", "assigner=uniform", "assigner: it needs anchors and model=yowo_v3 has none"),
    ("yowo_v3", "loss=yowo_v2", "loss: it needs a confidence and model=yowo_v3 predicts none; use loss=yowof"),
    ("yowo_v3", "model.fusion_norm_eps=0", "model.fusion_norm_eps: expected paper, released or a number above 0"),
    ("yowo_v2_nano", "backbone2d=yolov2_tiny", "backbone2d: YOWOv2 needs features on three levels"),
    ("yowo_v3", "backbone2d=resnet18", "backbone2d: YOWOv3 needs features on three levels"),
    ("yowo_tiny", "backbone2d=yolov8_n", "backbone2d: this network needs features on one level"),
    ("yowof_r18", "backbone2d=shufflenetv2", "backbone2d: YOWOF needs features on one level"),
    ("yowo_v3", "fusion=conv_lstm", "fusion: YOWOv3 needs fusion=decoupled or coupled; ConvLSTM does not fit"),
    ("yowo_tiny", "fusion=decoupled", "fusion: this network needs fusion=cfam.*DecoupledFusion does not fit"),
    ("yowof_r18", "backbone3d=resnet_mini", "backbone3d: YOWOF has none"),
    ("yowo_v2_nano", "assigner=anchor_iou", "assigner: it needs anchors and model=yowo_v2_nano has none"),
    ("yowo_v2_nano", "loss=yowof", "loss: it does not train the confidence that model=yowo_v2_nano predicts"),
    ("yowo_tiny", "loss=yowo_v3", "loss: it does not train the confidence that model=yowo_tiny predicts"),
    ("yowof_r18", "loss=yowo_v3", "loss: it is for boxes as distributions over bins, and model=yowof_r18 predicts"),
    ("yowof_r18", "box_loss=smooth_l1", "box_loss: it is for boxes as offsets in cells"),
    ("yowo_v3", "postprocess=yowo_v2", "postprocess: it needs a confidence and model=yowo_v3 predicts none"),
    ("yowo_v3", "assigner.mask=both", "assigner.mask: expected paper or released, got both"),
    ("yowo_v3", "dataset.clip_len=4", "dataset.clip_len: expected a whole number of at least 8, got 4"),
]


@pytest.mark.parametrize(("model", "part", "line"), [*REFUSED[:2], *marked(REFUSED[2:])])
def test_what_does_not_fit_is_one_line(model, part, line):
    with pytest.raises(ConfigError, match=line) as raised, torch.device("meta"):
        yowo.build_model(model, "motion", None, *SMALL[model], part)
    assert "\n" not in str(raised.value)
