"""A small YOWOF for tests."""

from functools import partial

import torch
from torch import nn

from tests.exported_cases import Small2D
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.yowof import YOWOF

ANCHORS = [[16, 16], [32, 32], [64, 64]]


def small_yowof(classes=3, exclusive=None, anchors=ANCHORS, **more):
    """Random weights with which outputs depend on all frames of a clip."""
    torch.manual_seed(0)
    net = YOWOF(Small2D(), partial(ConvLSTM, channels=4), classes, anchors, exclusive, tower_depth=1, **more)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=(1 / module.weight[0].numel()) ** 0.5)
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    return net.eval()
