"""A copy of a detector that computes the same faster, and cannot be trained."""

from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any, cast
from weakref import WeakKeyDictionary

from torch import nn

from yowo.models.backbones2d import resnet as resnet2d
from yowo.models.backbones2d.resnet import ResNet2D
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones3d.resnet import Basic, Bottleneck, PoolShortcut, ResNet3D
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2, ShuffleUnit
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.detector import Detector
from yowo.models.fast.fast_blocks import FastChannelAttention, FastResidual
from yowo.models.fast.fast_recurrent import FastConvLSTM, fast_tower_block, join_stem
from yowo.models.fast.fast_shuffle import FastShuffleUnits
from yowo.models.fast.fused_conv import Conv, FusedConv
from yowo.models.fusion import CFAM, ChannelAttention
from yowo.models.layers import ConvNormAct
from yowo.models.network import Network
from yowo.models.stem import folded_conv
from yowo.models.yowof import YOWOF, TowerBlock, TowerHead

NETWORKS = (Detector, YOWOF)
"""Networks that are copied."""
WHOLES = (*NETWORKS, YOLOv2, ResNet2D, ResNet3D, ShuffleNetV2, CFAM, TowerHead)
"""Modules that are copied with faster parts."""

_COPIES: WeakKeyDictionary[nn.Module, tuple[object, nn.Module]] = WeakKeyDictionary()


def fast_copy(detector: nn.Module) -> nn.Module:
    """Copy a network for inference: norms folded into convolutions, activations joined with them, channels last.

    Parts that this package does not know are copied as they are. On a CPU weights are laid out for its kernels when
    they are first used. The convolution of a 3D backbone's stem (`yowo.models.stem`) has its norm folded as well.

    Args:
        detector: In evaluation mode; it is not changed, and what changes it later does not change the copy.

    Returns:
        The copy, whose outputs equal the original's up to the rounding of float32; of a network of another kind the
        network itself.
    """
    if type(detector) not in NETWORKS:
        return detector
    made = cast(Network, _fast(detector))
    made.channels_last = True
    return made.eval()


def shared_fast_copy(detector: nn.Module) -> nn.Module:
    """Return the fast copy of a network, and the same one again as long as its weights stay as they are.

    Args:
        detector: See `fast_copy`; the copy is dropped with it.
    """
    state = tuple(
        (tensor.data_ptr(), tensor.device, 0 if tensor.is_inference() else tensor._version)
        for tensor in (*detector.parameters(), *detector.buffers())
    )
    known = _COPIES.get(detector)
    if known is not None and known[0] == state:
        return known[1]
    made = fast_copy(detector)
    if made is not detector:
        _COPIES[detector] = (state, made)
    return made


def _fast(module: nn.Module) -> nn.Module:
    """Return a copy of a module, ready for inference."""
    makers: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
        ConvNormAct: lambda m: FusedConv(m.conv, m.norm, m.act),
        Basic: lambda m: FastResidual(m, _fast(m.downsample)),
        Bottleneck: lambda m: FastResidual(m, _fast(m.downsample)),
        resnet2d.Basic: lambda m: FastResidual(m, _fast(m.downsample or nn.Identity())),
        resnet2d.Bottleneck: lambda m: FastResidual(m, _fast(m.downsample or nn.Identity())),
        TowerBlock: fast_tower_block,
        ConvLSTM: FastConvLSTM,
        ChannelAttention: FastChannelAttention,
        nn.Conv2d: FusedConv,
        nn.Sequential: _fast_sequence,
    }
    if type(module) in makers and _as_made(module):
        return makers[type(module)](module)
    if type(module) not in WHOLES:
        return deepcopy(module)
    made = copy(module)
    made._parameters, made._buffers = deepcopy(module._parameters), deepcopy(module._buffers)
    made._modules = {name: cast(nn.Module, child) for name, child in module._modules.items()}
    if isinstance(made, ResNet3D):
        made.conv1, made.bn1 = cast(nn.Conv3d, folded_conv(made.conv1, made.bn1)), nn.Identity()  # type: ignore[assignment]
    elif isinstance(made, ResNet2D):
        join_stem(made)
    elif isinstance(made, ShuffleNetV2):
        stem = made.conv1
        made.conv1 = nn.Sequential(folded_conv(cast(nn.Conv3d, stem[0]), stem[1]), nn.Identity(), stem[2])
    for name, child in module._modules.items():
        if made._modules[name] is child and child is not None:
            made._modules[name] = _fast(child)
    return made


def _as_made(module: nn.Module) -> bool:
    """Tell whether norms and activations of a block are those that this package gave it."""
    layers = (nn.Conv2d, nn.Conv3d, nn.BatchNorm2d, nn.BatchNorm3d, nn.ReLU, nn.LeakyReLU, nn.Identity, PoolShortcut)
    leaves = [part for part in module.modules() if not list(part.children())]
    return isinstance(module, nn.Sequential | ChannelAttention) or all(type(part) in layers for part in leaves)


def _fast_sequence(module: nn.Sequential) -> nn.Module:
    """Return a copy of a sequence; a convolution and a norm behind it become one."""
    layers = list(module)
    units = layers and all(isinstance(layer, ShuffleUnit) and _as_made(layer) for layer in layers)
    if units and cast(ShuffleUnit, layers[0]).stride == 2:
        return FastShuffleUnits(cast(list[ShuffleUnit], layers))
    pairs = ((nn.Conv2d, nn.BatchNorm2d), (nn.Conv3d, nn.BatchNorm3d))
    if len(layers) == 2 and any(isinstance(layers[0], conv) and isinstance(layers[1], norm) for conv, norm in pairs):
        return FusedConv(cast(Conv, layers[0]), layers[1])
    return nn.Sequential(*map(_fast, layers))
