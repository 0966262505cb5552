"""Small networks, and their weights by the names of other authors, taken from the golden lists of names."""

import json
import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from torch import nn

from tests import golden_cases
from yowo.models.backbones2d.free_yolo import FreeYOLO
from yowo.models.backbones2d.resnet import Basic, ResNet2D
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones2d.yolov8 import YOLOv8
from yowo.models.backbones3d.resnet import Bottleneck, ResNet3D
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM, DecoupledFusion
from yowo.models.heads import PerAnchorHead
from yowo.models.yowo_v2 import YOWOv2
from yowo.models.yowo_v3 import YOWOv3
from yowo.models.yowof import YOWOF
from yowo.weights.convert import from_yowo, from_yowo_plus
from yowo.weights.darknet import darknet_layout
from yowo.weights.family_names import BINS, from_yowo_v2, from_yowo_v3, from_yowof

ANCHORS = ((10, 20), (20, 30), (30, 40), (40, 50), (50, 60))
ORIGINAL_NAMES = re.compile(r"^(module\.)?(backbone_2d\.models\.|cfam\.|conv_final\.)")
"""Beginnings of names that only the original YOWO's checkpoints have."""
FAMILY = {
    "yowof_r18_ucf24": ("yowof", from_yowof, "backbone.", ""),
    "yowo_v2_nano_ucf24": ("yowo_v2", from_yowo_v2, "backbone_2d.backbone.", "backbone_3d.backbone."),
    "yowo_v3_n_shufflenetv2_ucf24": ("yowo_v3", from_yowo_v3, "net2D.", "net3D."),
}
"""Golden lists of the later models: folder, conversion, and the authors' prefixes of the 2D and the 3D backbone."""


def from_released(state: Mapping[str, torch.Tensor | None]) -> dict[str, torch.Tensor]:
    """Rename the entries of any released detector as ours; which one it is, is told from the names."""
    original = any(ORIGINAL_NAMES.match(name) for name in state)
    return from_yowo(state) if original else from_yowo_plus(state)


def write_darknet(path: Path, network: nn.Module, seen: int = 0) -> None:
    """Write a 2D backbone's weights as darknet does: version 0.1, 16-byte header.

    Args:
        path: The file; an old one is replaced.
        network: A `YOLOv2` without biases before its norms: the format has no place for these.
        seen: Images that it was trained on.
    """
    state, layout = network.state_dict(), darknet_layout(network)
    assert {name for name in state if not name.endswith("num_batches_tracked")} == {name for name, _ in layout}
    values = torch.cat([state[name].detach().cpu().float().flatten() for name, _ in layout])
    path.write_bytes(struct.pack("<4i", 0, 1, 0, seen) + values.numpy().astype("<f4").tobytes())


def alive(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give every entry values of its own, norms and attention included, so that each one matters to the output."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=random)
        elif tensor.is_floating_point() and tensor.ndim <= 1:
            tensor.add_(torch.randn(tensor.shape, generator=random) * 0.2)
    return network.eval()


def small_yowo_plus(seed: int = 0, num_classes: int = 24) -> Detector:
    torch.manual_seed(seed)
    fusion = partial(CFAM, channels=16)
    net = Detector(small_yolov2(seed), small_shufflenet(seed), fusion, num_classes, ANCHORS)
    return alive(net, seed)


def small_yowo(seed: int = 0) -> Detector:
    torch.manual_seed(seed)
    fusion = partial(CFAM, channels=16, act="relu", order=("3d", "2d"), drop_channels=True)
    parts = small_yolov2(seed, conv_bias=False), small_resnext(seed, layers=(1, 1, 2, 1))
    return alive(Detector(*parts, fusion, 24, ANCHORS, head=PerAnchorHead), seed)


def small_yolov2(seed: int = 0, conv_bias: bool = True) -> YOLOv2:
    torch.manual_seed(seed)
    return alive(YOLOv2(width=0.125, out_channels=25, conv_bias=conv_bias), seed)


def small_resnext(seed: int = 0, layers: tuple[int, ...] = (3, 4, 23, 3)) -> ResNet3D:
    """As deep as ResNeXt-101, and narrow."""
    torch.manual_seed(seed)
    return alive(ResNet3D(Bottleneck, layers, (4, 4, 8, 8), (8, 8, 16, 16), groups=2, stem=8), seed)


def small_shufflenet(seed: int = 0) -> ShuffleNetV2:
    torch.manual_seed(seed)
    return alive(ShuffleNetV2("0.25x"), seed)


def small_yowof(seed: int = 0, num_classes: int = 24) -> YOWOF:
    torch.manual_seed(seed)
    backbone = ResNet2D(Basic, (1, 1, 1, 1))
    return alive(YOWOF(backbone, partial(ConvLSTM, channels=8), num_classes, ANCHORS), seed)


def small_yowo_v2(seed: int = 0, num_classes: int = 24) -> YOWOv2:
    torch.manual_seed(seed)
    parts = FreeYOLO("shufflenetv2"), small_shufflenet(seed)
    return alive(YOWOv2(*parts, DecoupledFusion, num_classes, width=8, depthwise=True), seed)


def small_yowo_v3(seed: int = 0, num_classes: int = 24) -> YOWOv3:
    torch.manual_seed(seed)
    parts = YOLOv8("n"), ShuffleNetV2("0.25x", last_conv=True)
    return alive(YOWOv3(*parts, DecoupledFusion, num_classes, width=8), seed)


def family_entries(case: str) -> dict[str, torch.Tensor]:
    """A golden list of one of the later models: names and shapes, without values."""
    entries = json.loads((golden_cases.GOLDEN / FAMILY[case][0] / f"{case}_state_dict.json").read_text())
    return {name: torch.empty(shape, device="meta") for name, shape in entries}


def names_of(case: str) -> dict[str, str]:
    """Our names of a golden list, and the authors' for each."""
    if case in FAMILY:
        theirs = [name for name in family_entries(case) if name != BINS]
        return dict(zip(FAMILY[case][1](dict.fromkeys(theirs)), theirs, strict=True))
    folder = golden_cases.ORIGINAL if case == "yowo_ucf24" else golden_cases.FOLDER
    theirs = [name for name, _ in json.loads((folder / f"{case}_state_dict.json").read_text())]
    return dict(zip(from_released(dict.fromkeys(theirs)), theirs, strict=True))


def foreign(network: nn.Module, case: str, part: str = "", prefix: str = "") -> dict[str, torch.Tensor]:
    """The network's weights by the authors' names.

    `part` (backbone2d, backbone3d) is what the network is of the golden case's detector, whose prefix is then left out.
    """
    names = names_of(case)
    prefixes = FAMILY[case][2:] if case in FAMILY else ("backbone_2d.", "backbone_3d.")
    bare = dict(zip(("backbone2d", "backbone3d"), prefixes, strict=True)).get(part, "")
    ours = f"{part}." if part else ""
    return {prefix + names[ours + n].removeprefix(bare): t.clone() for n, t in network.state_dict().items()}


def same_outputs(make: Callable[[int], nn.Module], load: Callable[[nn.Module], object], *inputs: torch.Tensor) -> None:
    """Fill one network directly and another by `load`; their outputs are equal, and another's differ."""
    source, direct, loaded = make(1), make(2), make(3)
    direct.load_state_dict(source.state_dict())
    before = flat(loaded(*inputs))
    load(loaded)
    assert torch.equal(flat(loaded(*inputs)), flat(direct(*inputs)))
    assert not torch.allclose(before, flat(direct(*inputs)), atol=1e-3)


@torch.no_grad()
def flat(output: object) -> torch.Tensor:
    """A network's output in one row."""
    if isinstance(output, dict):
        parts = [output[key] for key in ("conf", "cls", "boxes") if key in output]
    else:
        parts = [output] if isinstance(output, torch.Tensor) else [flat(part) for part in output]
    return torch.cat([part.flatten() for part in parts])
