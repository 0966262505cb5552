"""Renames the entries of the released files of YOWOF, YOWOv2 and YOWOv3, and of their 2D backbones."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from yowo.errors import WeightsError
from yowo.weights.convert import Rules, renamed

# patterns of the names in each family's files, and their replacements
YOWOF_NAMES: Rules = (
    (r"^backbone\.", "backbone2d."),
    (r"^temporal_encoder\.cell_list\.0\.", "fusion."),
    (r"^(act|cls|reg)_pred\.", r"head.\1_pred."),
)
YOWO_V2_NAMES: Rules = (
    (r"^backbone_2d\.backbone\.", "backbone2d."),
    (r"^backbone_3d\.backbone\.", "backbone3d."),
    (r"\.banch(\d)\.", r".branch\1."),
    (r"^cls_channel_encoders\.(\d)\.fuse_convs\.", r"fusions.\1.cls.layers."),
    (r"^reg_channel_encoders\.(\d)\.fuse_convs\.", r"fusions.\1.box.layers."),
    (r"^(conf|cls|reg)_preds\.(\d)\.", r"heads.\2.\1."),
)
YOWO_V3_NAMES: Rules = (
    (r"^net2D\.", "backbone2d."),
    (r"^net3D\.", "backbone3d."),
    (r"\.banch(\d)\.", r".branch\1."),
    (r"^decoupled_head\.(box|cls)\.", r"\1_branch."),
    (r"^fusion\.(box|cls)\.(\d)\.", r"fusions.\2.\1."),
    *((rf"\.conv_bn_relu{n}\.0\.", f".layers.{at}.conv.") for n, at in ((1, 0), (2, 1), (3, 3))),
    *((rf"\.conv_bn_relu{n}\.1\.", f".layers.{at}.norm.") for n, at in ((1, 0), (2, 1), (3, 3))),
    (r"^(fusions\..*)\.sc\.", r"\1.layers.2."),
    (r"^(fusions\..*)\.conv_out\.1\.", r"\1.layers.5."),
    (r"^detection_head\.(box|cls)\.(\d)\.", r"heads.\2.\1."),
)
UNIT = re.compile(r"^(.*)\.convs\.(\d)\.")
"""A layer of one of YOWOv2's convolution units: the unit's name, and the layer's number in it."""
# the numbered layers of YOWOv2's convolution units that have weights, and our names of them: a plain convolution, one
# with its norm, and a depth-wise and a 1 x 1 convolution with theirs
UNITS: dict[str, dict[str, str]] = {
    "0": {"0": ""},
    "01": {"0": ".conv", "1": ".norm"},
    "0134": {"0": ".0.conv", "1": ".0.norm", "3": ".1.conv", "4": ".1.norm"},
}
BINS = "detection_head.dfl.conv.weight"
"""The distances 0, 1, .., 15 in YOWOv3's files, which are not learned."""


def from_yowof(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a released YOWOF state dict.

    Args:
        state: Tensors by the authors' names.

    Returns:
        The same tensors by our names.
    """
    return renamed(state, YOWOF_NAMES)


def from_yowo_v2(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a released YOWOv2 state dict.

    Args:
        state: Tensors by the authors' names.

    Returns:
        The same tensors by our names.
    """
    return renamed(_named_units(state), YOWO_V2_NAMES)


def from_free_yolo(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a FreeYOLO state dict, YOWOv2's 2D backbone.

    Args:
        state: Tensors by the authors' names.

    Returns:
        The same tensors by our names; those of FreeYOLO's predictions keep their names.
    """
    return renamed(_named_units(state), ())


def from_yowo_v3(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a released YOWOv3 state dict.

    Args:
        state: Tensors by the authors' names.

    Returns:
        The same tensors by our names. The fixed distances keep their name, and so are not loaded.

    Raises:
        WeightsError: The fixed distances are others than this network's.
    """
    bins = state.get(BINS)
    if bins is not None and not bins.is_meta and not torch.equal(bins.flatten().float(), torch.arange(16.0)):
        raise WeightsError(
            f"{BINS}: expected the distances 0, 1, .., 15, got {bins.numel()} others; these weights are for other "
            "distances than this network's"
        )
    fixed = {} if bins is None else {BINS: bins}
    return renamed({name: tensor for name, tensor in state.items() if name != BINS}, YOWO_V3_NAMES) | fixed


def from_shuffle_stages(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of torchvision's ShuffleNet-v2: its stem and stages are the inner network of a FreeYOLO.

    Args:
        state: Tensors by torchvision's names.

    Returns:
        The same tensors by our names; those of the last convolution and the classifier keep their names.
    """
    return renamed(state, ((r"^(conv1|stage[2-4])\.", r"backbone.\1."),))


def _named_units(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the numbered layers of YOWOv2's convolution units; which unit it is, the layers with weights tell."""
    found = {name: UNIT.match(name) for name in state}
    layers: dict[str, set[str]] = {}
    for match in found.values():
        if match is not None:
            layers.setdefault(match[1], set()).add(match[2])
    named = {}
    for name, tensor in state.items():
        match = found[name]
        ours = None if match is None else UNITS.get("".join(sorted(layers[match[1]])), {}).get(match[2])
        named[name if match is None or ours is None else f"{match[1]}{ours}.{name[match.end() :]}"] = tensor
    return named
