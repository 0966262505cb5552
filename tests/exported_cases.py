"""A small network with both backbones and facts of its file, for the tests of exported files."""

from functools import partial

import torch
from torch import nn

from yowo.inference.exported.facts import ExportFacts
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM

ANCHORS = [[20.0, 40.0], [50.0, 60.0]]
CLIP_LEN = 6
"""Long enough for a stem to need the same tensor of several earlier steps."""


class Small2D(nn.Module):
    out_channels, stride = 6, 32

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 32, 32, bias=False)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, frames):
        return torch.relu(self.norm(self.conv(frames)))


def small_detector(classes=3, exclusive=None, **more):
    """Random weights and norms that are no identities."""
    torch.manual_seed(0)
    net = Detector(Small2D(), tiny_resnet3d(2), partial(CFAM, channels=8), classes, ANCHORS, exclusive, **more)
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if hasattr(module, "gamma"):
            nn.init.constant_(module.gamma, 0.3)
    nn.init.normal_(net.head.weight, std=0.5)
    nn.init.zeros_(net.head.bias)
    return net.eval()


def facts(classes=3, **changed):
    usual = {
        "classes": [f"class {i}" for i in range(classes)],
        "exclusive_classes": classes,
        "clip_len": CLIP_LEN,
        "dilation": 1,
        "image_size": [64, 96],
        "mean": [0.4, 0.4, 0.4],
        "std": [0.2, 0.2, 0.2],
        "levels": [{"stride": 32, "anchors": ANCHORS}],
        "outputs": ["cls", "conf", "boxes", "deltas"],
        "model": "small",
        "dataset": "motion",
        "config": {"model": {"name": "small"}},
    }
    return ExportFacts(**{**usual, **changed})


def clips(batch=1, height=64, width=96, seed=1):
    return torch.randn(batch, 3, CLIP_LEN, height, width, generator=torch.Generator().manual_seed(seed))
