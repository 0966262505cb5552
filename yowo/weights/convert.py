"""Renames the entries of released state dicts to this project's names, with one function per format."""

import re
from collections.abc import Mapping

from torch import Tensor

Rules = tuple[tuple[str, str], ...]
"""Patterns of names and their replacements, applied in order."""

# patterns of the names in the released YOWO-Plus and YOWO-Nano checkpoints, and their replacements
YOWO_PLUS_NAMES: Rules = (
    (r"^backbone_2d\.backbone\.(conv_\d\.\d)\.", r"backbone2d.\1."),
    (r"^backbone_2d\.convsets_1\.", "backbone2d.neck."),
    (r"^backbone_2d\.route_layer\.", "backbone2d.route."),
    (r"^backbone_2d\.convsets_2\.", "backbone2d.merge."),
    (r"^backbone_2d\.pred\.", "backbone2d.head."),
    (r"^backbone_3d\.", "backbone3d."),
    (r"\.banch(\d)\.", r".branch\1."),
    (r"^channel_encoder\.fuse_convs\.", "fusion.layers."),
    (r"^pred\.", "head."),
    (r"^((?:backbone2d|fusion)\..*)\.convs\.0\.", r"\1.conv."),
    (r"^((?:backbone2d|fusion)\..*)\.convs\.1\.", r"\1.norm."),
)

# darknet's layer numbers in the original YOWO's 2D backbone, and our names; pooling and concatenation are numbered too
DARKNET_LAYERS: tuple[tuple[int, str], ...] = (
    (0, "conv_1.0"),
    (2, "conv_2.0"),
    *((4 + n, f"conv_3.{n}") for n in range(3)),
    *((8 + n, f"conv_4.{n}") for n in range(3)),
    *((12 + n, f"conv_5.{n}") for n in range(5)),
    *((18 + n, f"conv_6.{n}") for n in range(5)),
    (23, "neck.0"),
    (24, "neck.1"),
    (26, "route"),
    (29, "merge"),
)
# patterns of the names in the original YOWO's checkpoints, and their replacements
YOWO_NAMES: Rules = (
    *((rf"^backbone_2d\.models\.{n}\.conv\d+\.", f"backbone2d.{name}.conv.") for n, name in DARKNET_LAYERS),
    *((rf"^backbone_2d\.models\.{n}\.bn\d+\.", f"backbone2d.{name}.norm.") for n, name in DARKNET_LAYERS),
    (r"^backbone_2d\.models\.30\.conv\d+\.", "backbone2d.head."),
    (r"^backbone_3d\.", "backbone3d."),
    *((rf"^cfam\.conv_bn_relu{n}\.0\.", f"fusion.layers.{at}.conv.") for n, at in ((1, 0), (2, 1), (3, 3))),
    *((rf"^cfam\.conv_bn_relu{n}\.1\.", f"fusion.layers.{at}.norm.") for n, at in ((1, 0), (2, 1), (3, 3))),
    (r"^cfam\.sc\.", "fusion.layers.2."),
    (r"^cfam\.conv_out\.1\.", "fusion.layers.5."),
    (r"^conv_final\.", "head."),
)


def from_yowo(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of an original YOWO state dict; our own names are kept.

    Args:
        state: Tensors by the authors' names, with or without the prefix `module.` of data-parallel training.

    Returns:
        The same tensors by our names.
    """
    return renamed(state, YOWO_NAMES)


def from_yowo_plus(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a released YOWO-Plus or YOWO-Nano state dict; our own names are kept.

    Args:
        state: Tensors by the authors' names, with or without the prefix `module.` of data-parallel training.

    Returns:
        The same tensors by our names.
    """
    return renamed(state, YOWO_PLUS_NAMES)


def renamed(state: Mapping[str, Tensor], names: Rules) -> dict[str, Tensor]:
    """Rename the entries of a state dict.

    Args:
        state: Tensors by name, with or without the prefix `module.` of data-parallel training.
        names: The patterns and replacements.

    Returns:
        The same tensors by their new names.
    """
    result = {}
    for name, tensor in state.items():
        new = name.removeprefix("module.")
        for pattern, replacement in names:
            new = re.sub(pattern, replacement, new)
        result[new] = tensor
    return result
