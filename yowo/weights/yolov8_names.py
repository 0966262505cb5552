"""Renames the entries of YOLOv8's own state dicts to those of our YOLOv8, which is without its predictions.

Only tensors by name are converted. The files that YOLOv8's program writes contain the program's own objects, which
are never loaded here.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from yowo.weights.convert import Rules, renamed

# numbers of the layers with weights in YOLOv8's list, and our names; upsampling and concatenation have numbers too
LAYERS: tuple[tuple[int, str], ...] = (
    (0, "net.p1.0"),
    (1, "net.p2.0"),
    (2, "net.p2.1"),
    (3, "net.p3.0"),
    (4, "net.p3.1"),
    (5, "net.p4.0"),
    (6, "net.p4.1"),
    (7, "net.p5.0"),
    (8, "net.p5.1"),
    (9, "net.p5.2"),
    (12, "fpn.h1"),
    (15, "fpn.h2"),
    (16, "fpn.h3"),
    (18, "fpn.h4"),
    (19, "fpn.h5"),
    (21, "fpn.h6"),
)
SPLIT = (2, 4, 6, 8, 12, 15, 18, 21)
"""Numbers of the blocks (C2f) whose first convolution is here in two halves, `conv1` and `conv2`."""
POOLED = 9
"""Number of the spatial pyramid pooling (SPPF)."""
HALVED = re.compile(rf"^model\.({'|'.join(map(str, SPLIT))})\.cv1\.")
NAMES: Rules = (
    (rf"^model\.({'|'.join(map(str, SPLIT))})\.cv2\.", r"model.\1.conv3."),
    (r"^(model\.\d+)\.m\.(\d+)\.cv1\.", r"\1.res_m.\2.res_m.0."),
    (r"^(model\.\d+)\.m\.(\d+)\.cv2\.", r"\1.res_m.\2.res_m.1."),
    (rf"^model\.{POOLED}\.cv([12])\.", rf"model.{POOLED}.conv\1."),
    *((rf"^model\.{number}\.", f"{name}.") for number, name in LAYERS),
    (r"^((?:net|fpn)\..*)\.bn\.", r"\1.norm."),
)


def from_yolov8(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of YOLOv8's state dict, and divide the first convolution of its C2f blocks into its halves.

    Args:
        state: Tensors by YOLOv8's names, `model.0.conv.weight` and so on.

    Returns:
        Tensors by our names; those of the predictions keep their names.
    """
    divided: dict[str, Tensor] = {}
    for name, tensor in state.items():
        name = re.sub(r"^(model\.)+", "model.", name)
        match = HALVED.match(name)
        if match is None:
            divided[name] = tensor
            continue
        halves = tensor.chunk(2) if tensor.ndim else (tensor, tensor)
        for place, half in enumerate(halves, start=1):
            divided[f"model.{match[1]}.conv{place}.{name[match.end() :]}"] = half
    return renamed(divided, NAMES)
