"""Recognises from the names of a state dict which program wrote it and which part of a detector it is for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from yowo.errors import WeightsError
from yowo.weights.convert import from_yowo, from_yowo_plus
from yowo.weights.family_names import (
    from_free_yolo,
    from_shuffle_stages,
    from_yowo_v2,
    from_yowo_v3,
    from_yowof,
)
from yowo.weights.registry import BACKBONE2D, BACKBONE3D, DETECTOR
from yowo.weights.yolov8_names import from_yolov8

WRAPPERS = ("state_dict", "model", "net", "model_state_dict")
"""Keys under which checkpoints store their state dict; the first one found is used."""
OWN_PREFIX = "detector."
"""Prefix of the detector's names in checkpoints of the LightningModule."""
PARALLEL = re.compile(r"(^|\.)module\.")
"""Prefix that data-parallel training adds to the names of the module it wraps."""
MAX_DEPTH = 8
"""Most levels of nested dicts that are searched for a state dict."""
SHOWN = 5
"""Most names listed in a message; further names are counted."""

State = Mapping[str, Tensor]
Rename = Callable[[State], dict[str, Tensor]]


@dataclass(frozen=True)
class Kind:
    """A kind of weights file.

    Attributes:
        words: Description for users.
        part: The part it is for: "detector", "backbone2d" or "backbone3d".
        sign: Pattern that matches the start of a name of the state dict; earlier kinds are tried first.
        rename: Renames the entries to our names, without the prefix of the part.
        axes: Axes of the largest weights, 4 in a 2D and 5 in a 3D network, where names alone do not tell; None for any.
        fills: Beginning of the names that it must fill; other entries of the part may be missing or not fit.
        classifier: Beginning of the names that belong to no part, of a file whose other entries are the part's in
            their order, by whatever names; empty for a file that goes by names.
    """

    words: str
    part: str
    sign: re.Pattern[str]
    rename: Rename
    axes: int | None = None
    fills: str = ""
    classifier: str = ""


def _same(state: State) -> dict[str, Tensor]:
    return dict(state)


def _backbone2d(convert: Rename) -> Rename:
    """Return a function that renames a single 2D backbone by the rules for the whole detector."""

    def rename(state: State) -> dict[str, Tensor]:
        whole = convert({f"backbone_2d.{name}": tensor for name, tensor in state.items()})
        return {name.removeprefix("backbone2d.").removeprefix("backbone_2d."): t for name, t in whole.items()}

    return rename


def _backbone3d(state: State) -> dict[str, Tensor]:
    """Rename a single 3D backbone by the rules for the whole detector."""
    whole = from_yowo_plus({f"backbone_3d.{name}": tensor for name, tensor in state.items()})
    return {name.removeprefix("backbone3d."): tensor for name, tensor in whole.items()}


OWN = Kind("a detector of this project", DETECTOR, re.compile(r"(backbone2d|backbone3d|fusions?|heads?)\."), _same)
UNKNOWN = Kind("a state dict of unknown names", DETECTOR, re.compile(""), _same)
DARKNET_FILE = Kind("darknet's yolo.weights (YOLOv2)", BACKBONE2D, re.compile(r"\Z"), _same)
"""A darknet file has no names; it is recognised by its first bytes."""
# tried in this order; the first kind whose sign matches a name is used
KINDS: tuple[Kind, ...] = (
    Kind("the original YOWO", DETECTOR, re.compile(r"(backbone_2d\.models\.|cfam\.|conv_final\.)"), from_yowo),
    Kind("YOWOF", DETECTOR, re.compile(r"(temporal_encoder|act_pred)\."), from_yowof),
    Kind(
        "YOWOv2",
        DETECTOR,
        re.compile(r"(backbone_2d\.backbone\.(backbone|neck|fpn)|backbone_3d\.backbone|(cls|reg)_channel_encoders)\."),
        from_yowo_v2,
    ),
    Kind("YOWOv3", DETECTOR, re.compile(r"(net[23]D|decoupled_head|detection_head)\."), from_yowo_v3),
    Kind("YOWO-Plus or YOWO-Nano", DETECTOR, re.compile(r"(backbone_[23]d|channel_encoder)\."), from_yowo_plus),
    Kind(
        "the 2D backbone YOLOv2 of YOWO-Plus (COCO)",
        BACKBONE2D,
        re.compile(r"(backbone\.conv_\d\.\d|convsets_[12]|route_layer)\."),
        _backbone2d(from_yowo_plus),
    ),
    Kind("darknet's YOLOv2", BACKBONE2D, re.compile(r"models\.\d+\.(conv|bn)\d+\."), _backbone2d(from_yowo)),
    Kind(
        "a 2D backbone of this project", BACKBONE2D, re.compile(r"(conv_\d\.\d|neck\.\d|merge)\.(conv|norm)\."), _same
    ),
    Kind("YOWOv3's YOLOv8 (COCO)", BACKBONE2D, re.compile(r"(net\.p\d|fpn\.h\d)\."), _same),
    Kind("YOLOv8 (COCO)", BACKBONE2D, re.compile(r"(model\.)+\d+\.(conv|bn|cv\d|m)\."), from_yolov8),
    Kind(
        "FreeYOLO (COCO)",
        BACKBONE2D,
        re.compile(r"(backbone\.(layer_\d|stage\d)\.|non_shared_heads\.)"),
        from_free_yolo,
        fills="backbone.",
    ),
    Kind(
        "a 2D ShuffleNet-v2 (torchvision, ImageNet)",
        BACKBONE2D,
        re.compile(r"stage\d\.\d+\.branch\d\."),
        from_shuffle_stages,
        axes=4,
        fills="backbone.",
    ),
    Kind(
        "a 2D ResNet of MMAction (TSN)",
        BACKBONE2D,
        re.compile(r"(cls_head\.fc_cls\.|backbone\.(layer\d\.\d+\.)?conv1\.(conv|bn)\.)"),
        _same,
        axes=4,
        classifier="cls_head.",
    ),
    Kind("a 2D ResNet (torchvision, ImageNet)", BACKBONE2D, re.compile(r"layer[1-4]\.\d+\.(conv|bn)\d\."), _same, 4),
    Kind("I3D (Kinetics)", BACKBONE3D, re.compile(r"(Conv3d_1a_7x7|Mixed_3b)\."), _same),
    Kind("a 3D ShuffleNet-v2 (Kinetics)", BACKBONE3D, re.compile(r"features\.\d+\.b(r?)anch\d\."), _backbone3d),
    Kind("a 3D ResNet or ResNeXt (Kinetics)", BACKBONE3D, re.compile(r"layer[1-4]\.\d+\.(conv|bn)\d\."), _backbone3d),
    OWN,
)


def kind_of(names: list[str], axes: int | None = None) -> Kind:
    """Return the kind of a state dict.

    Args:
        names: Names of its entries, without the prefix of data-parallel training.
        axes: Axes of its largest weights; None if not known.

    Returns:
        The first kind that matches, or `UNKNOWN`.
    """
    for kind in KINDS:
        if kind.axes in (None, axes) and any(kind.sign.match(name) for name in names):
            return kind
    return UNKNOWN


def state_of(content: Mapping[Any, Any], source: str) -> dict[str, Tensor]:
    """Find the state dict in a checkpoint.

    Args:
        content: A state dict, or a dict that contains one under a key of `WRAPPERS`, nested up to `MAX_DEPTH` levels.
        source: Name of the file for error messages.

    Returns:
        Tensors by the authors' names, without the prefixes `module.` and `detector.`.

    Raises:
        WeightsError: There is no state dict in it.
    """
    for _ in range(MAX_DEPTH):
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = inner
    tensors = {PARALLEL.sub(r"\1", str(name)): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        entries = ", ".join(map(str, list(content)[:SHOWN])) or "none"
        raise WeightsError(f"{source}: expected a state dict, got a file with the entries: {entries}")
    if any(name.startswith(OWN_PREFIX) for name in tensors):
        tensors = {n.removeprefix(OWN_PREFIX): t for n, t in tensors.items() if n.startswith(OWN_PREFIX)}
    return tensors


def first(names: list[str]) -> str:
    """Return the first `SHOWN` names as text, with the number of further names."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
