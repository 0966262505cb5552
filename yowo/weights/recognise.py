"""Recognises from names and shapes which network and data set weights are for."""

import torch
from torch import Tensor

from yowo.models.backbones2d.resnet import RESNETS, build_resnet2d
from yowo.models.backbones2d.yolov8 import SIZES
from yowo.models.backbones3d.shufflenetv2 import WIDTHS
from yowo.weights.by_order import ordered_names
from yowo.weights.fitting import COUNTER
from yowo.weights.opening import Weights
from yowo.weights.registry import BACKBONE2D, BACKBONE3D, DETECTOR

ANCHORS = 5
"""Number of anchors of every published network of the YOWO family that has any."""
BOX_AND_CONFIDENCE = 5
"""Predictions per anchor of a head of one convolution besides the classes: four of the box, one confidence."""
DATASETS = {24: "ucf24", 21: "jhmdb21", 80: "ava"}
"""Data sets by number of classes."""
TINY_CHANNELS = 16
"""YOWO-Tiny's first convolution has fewer output channels than this, the other networks' more."""
# entries with an output for each class, and the number of outputs for each class, of YOWOF, YOWOv2 and YOWOv3
CLASS_BIASES = (("head.cls_pred.bias", ANCHORS), ("heads.0.cls.bias", 1), ("heads.0.cls.2.bias", 1))
# 2D backbones by an entry that only they have
BACKBONES2D = (
    ("backbone.stage2.0.branch1.0.weight", "shufflenetv2"),
    ("backbone.layer_1.conv.weight", "elan_tiny"),
    ("backbone.layer_1.0.conv.weight", "elan_large"),
    ("layer1.0.conv3.weight", "resnet50"),
    ("layer1.0.conv1.weight", "resnet18"),
)
YOLOV8_STEM = "net.p1.0.conv.weight"
SHUFFLE_UNIT = "features.0.branch2.0.weight"
"""A convolution of the 3D ShuffleNet-v2 with half of the first stage's channels."""
RESNET_DEPTHS = {2: "18", 6: "50", 23: "101", 36: "152"}
"""Names of 3D ResNets by the number of blocks in the third stage."""
RESNEXT_CHANNELS = 128
"""Inner channels of the first blocks of a ResNeXt; a ResNet's have 64."""
V2_SIZES = {
    ("shufflenetv2", "shufflenetv2_1.0x"): "yowo_v2_nano",
    ("elan_tiny", "shufflenetv2_2.0x"): "yowo_v2_tiny",
    ("elan_large", "shufflenetv2_2.0x"): "yowo_v2_medium",
    ("elan_large", "resnext101"): "yowo_v2_large",
}
"""Sizes of YOWOv2 by their backbones."""
V3_PARTS = {"backbone2d": "yolov8_m", "backbone3d": "i3d", "model.width": "256"}
"""Parts of model=yowo_v3 by their keys."""


def num_classes(weights: Weights) -> int | None:
    """Return the number of classes of a detector's head; None if the weights have no such head."""
    if weights.kind.part != DETECTOR:
        return None
    for name, per_class in CLASS_BIASES:
        if name in weights.state:
            return len(weights.state[name]) // per_class
    head = weights.state.get("head.weight")
    if head is None or len(head) % ANCHORS:
        return None
    count = len(head) // ANCHORS - BOX_AND_CONFIDENCE
    return count if count > 0 else None


def likely_setup(weights: Weights) -> tuple[str | None, str | None]:
    """Return model and data set by their names in conf/, such as ("yowo_plus", "ucf24"); None for an unknown one.

    Clip length and input size do not change the shapes of weights, so they cannot be recognised.
    """
    texts = weights.content.get("metadata")
    if isinstance(texts, dict) and {"model", "dataset"} <= set(texts):
        return texts["model"], texts["dataset"]
    count = num_classes(weights)
    return _model(weights), None if count is None else DATASETS.get(count)


def likely_parts(weights: Weights, model: str | None) -> list[str]:
    """Return the overrides of a detector's parts that differ from those of a model, such as "backbone2d=yolov8_n".

    Args:
        weights: Weights of a detector.
        model: The model's name in conf/; only those with parts to choose have any.
    """
    if model != "yowo_v3" or _model(weights) != model:
        return []
    found = {part: backbone(weights, part) for part in (BACKBONE2D, BACKBONE3D)}
    unit = weights.state.get("heads.0.cls.0.conv.weight")
    found["model.width"] = None if unit is None else str(len(unit))
    return [f"{key}={value}" for key, value in found.items() if value is not None and value != V3_PARTS[key]]


def made_for(weights: Weights) -> str:
    """Return the overrides that select the network which weights are for; empty if it is not recognised."""
    part = weights.kind.part
    if part != DETECTOR:
        choice = backbone(weights, part)
        return "" if choice is None else f"{part}={choice}"
    model, dataset = likely_setup(weights)
    words = [f"{key}={value}" for key, value in (("model", model), ("dataset", dataset)) if value is not None]
    return " ".join([*words, *likely_parts(weights, model)])


def backbone(weights: Weights, part: str) -> str | None:
    """Return the name in conf/ of a backbone, of a detector's weights or of its own; None if it is not recognised.

    Args:
        weights: The weights.
        part: "backbone2d" or "backbone3d".
    """
    state = weights.state
    if weights.kind.part == DETECTOR:
        state = {n.removeprefix(f"{part}."): t for n, t in state.items() if n.startswith(f"{part}.")}
    elif weights.kind.classifier:
        return _resnet_by_order(weights)
    return _backbone2d(state) if part == BACKBONE2D else _backbone3d(state)


def _model(weights: Weights) -> str | None:
    """Return the name of the network, recognised by entries that only one network of the family has."""
    state = weights.state
    if weights.kind.part != DETECTOR:
        return None
    if "head.act_pred.weight" in state:
        size = backbone(weights, BACKBONE2D)
        return f"yowof_r{size.removeprefix('resnet')}" if size in RESNETS else None
    if "heads.0.cls.2.weight" in state:
        return "yowo_v3"
    if "heads.0.conf.weight" in state:
        return V2_SIZES.get((backbone(weights, BACKBONE2D) or "", backbone(weights, BACKBONE3D) or ""))
    first = state.get("backbone2d.conv_1.0.conv.weight")
    if "head.weight" not in state or first is None:
        return None
    if len(first) < TINY_CHANNELS:
        return "yowo_tiny"
    if "head.bias" not in state:
        return "yowo"
    return "yowo_nano" if any(name.startswith("backbone3d.features.") for name in state) else "yowo_plus"


def _backbone2d(state: dict[str, Tensor]) -> str | None:
    if YOLOV8_STEM in state:
        sizes = {widths[0]: size for size, (widths, _) in SIZES.items()}
        size = sizes.get(len(state[YOLOV8_STEM]))
        return None if size is None else f"yolov8_{size}"
    return next((choice for name, choice in BACKBONES2D if name in state), None)


def _backbone3d(state: dict[str, Tensor]) -> str | None:
    if "Conv3d_1a_7x7.conv3d.weight" in state:
        return "i3d"
    if SHUFFLE_UNIT in state:
        halves = {channels[0] // 2: width for width, channels in WIDTHS.items()}
        width = halves.get(len(state[SHUFFLE_UNIT]))
        return None if width is None else f"shufflenetv2_{width}"
    blocks = {name.split(".")[1] for name in state if name.startswith("layer3.")}
    depth = RESNET_DEPTHS.get(len(blocks))
    if depth is None:
        return None
    return f"{'resnext' if len(state['layer1.0.conv1.weight']) == RESNEXT_CHANNELS else 'resnet'}{depth}"


def _resnet_by_order(weights: Weights) -> str | None:
    """Return which 2D ResNet has as many entries as a file that goes by order."""
    names = [name for name in weights.state if not name.startswith(weights.kind.classifier)]
    counted = any(name.endswith(COUNTER) for name in names)
    with torch.device("meta"):
        sizes = {len(ordered_names(build_resnet2d(choice), counted)): choice for choice in RESNETS}
    return sizes.get(len(names))
