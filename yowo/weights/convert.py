"""State dicts of others in our names. One function a foreign format."""

import re
from collections.abc import Mapping

from torch import Tensor

# the names in the released YOWO-Plus and YOWO-Nano checkpoints, and ours
YOWO_PLUS_NAMES: tuple[tuple[str, str], ...] = (
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


def from_yowo_plus(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of a released YOWO-Plus or YOWO-Nano state dict; our own names pass unchanged.

    Args:
        state: Entries by the authors' names, with or without the prefix `module.` of data-parallel training.

    Returns:
        The same tensors by our names.
    """
    renamed = {}
    for name, tensor in state.items():
        new = name.removeprefix("module.")
        for pattern, replacement in YOWO_PLUS_NAMES:
            new = re.sub(pattern, replacement, new)
        renamed[new] = tensor
    return renamed
