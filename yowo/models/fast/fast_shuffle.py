"""The units of ShuffleNet-v2 without shuffling: weights follow the channels, instead of channels the weights.

A unit of stride 1 passes the first half of its channels by and works on the second one, then both are interleaved. Here
channels stay where they are in memory, and the weights of the next convolution are in that order; the convolution has
zeros for the channels that pass by. A channel is passed by for a number of units that follows from its place, and the
channels that a unit makes are sorted by it: so those that live on are always the first ones of their group, a slice.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from yowo.models.backbones3d.shufflenetv2 import ShuffleUnit
from yowo.models.fast.fused_conv import Conv, FusedConv
from yowo.models.stem import folded_conv, with_weights


class FastShuffleUnits(nn.Module):
    """Consecutive units, from a first one of stride 2 on."""

    def __init__(self, units: Sequence[ShuffleUnit]) -> None:
        """Copy the weights of the units."""
        super().__init__()
        layout = _Layout(torch.arange(cast(nn.Conv3d, cast(nn.Sequential, units[0].branch1)[0]).in_channels), [])
        made: list[nn.Module] = []
        for unit in units:
            step: _Halving | _Passing = _Halving(unit, layout) if unit.stride == 2 else _Passing(unit, layout)
            layout = step.layout
            made.append(step)
        self.units = nn.Sequential(*made)
        self.register_buffer("logical", layout.order.argsort(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/s, H/s, W/s]."""
        out: Tensor = self.units(x).index_select(1, self.get_buffer("logical"))
        return out


class _Layout:
    """Where channels are in memory.

    Attributes:
        order: int64 [C], the place of each channel in the network's own order.
        groups: Sizes of the groups of channels that were made at the same time, in memory's order.
    """

    def __init__(self, order: Tensor, groups: list[int]) -> None:
        self.order, self.groups = order, groups


def _by_life(places: Tensor, half: int) -> Tensor:
    """Return the order of new channels, at places of C = 2 `half`, that puts first those that are passed by longest."""
    lives = torch.zeros(len(places), dtype=torch.int64)
    doubled = places.clone()
    for _ in range(half.bit_length() + 1):
        lives += doubled < half
        doubled *= 2
    return lives.argsort(descending=True, stable=True)


class _Halving(nn.Module):
    """A unit of stride 2: both branches work on all channels."""

    def __init__(self, unit: ShuffleUnit, layout: _Layout) -> None:
        super().__init__()
        first, second = cast(nn.Sequential, unit.branch1), unit.branch2
        half = cast(nn.Conv3d, second[0]).out_channels
        places = [2 * torch.arange(half) + branch for branch in (0, 1)]
        sorts = [_by_life(own, half) for own in places]
        # inputs in memory's order, outputs sorted
        self.deep1 = FusedConv(_picked(_folded(first, 0), rows=layout.order))
        self.point1 = FusedConv(_picked(_folded(first, 2), sorts[0], layout.order), act=nn.ReLU())
        self.before = FusedConv(_picked(_folded(second, 0), columns=layout.order), act=nn.ReLU())
        self.deep2 = FusedConv(_folded(second, 3))
        self.point2 = FusedConv(_picked(_folded(second, 5), sorts[1]), act=nn.ReLU())
        order = torch.cat([own[sort] for own, sort in zip(places, sorts, strict=True)])
        self.layout = _Layout(order, [half, half])

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/2, H/2, W/2]."""
        return torch.cat([self.point1(self.deep1(x)), self.point2(self.deep2(self.before(x)))], dim=1)


class _Passing(nn.Module):
    """A unit of stride 1: half of the channels are passed by."""

    def __init__(self, unit: ShuffleUnit, layout: _Layout) -> None:
        super().__init__()
        branch = unit.branch2
        before = _folded(branch, 0)
        half = before.out_channels
        places = 2 * torch.arange(half) + 1
        sort = _by_life(places, half)
        worked = layout.order >= half
        weight = before.weight.new_zeros(half, len(layout.order), *before.weight.shape[2:])
        weight[:, worked] = before.weight[:, layout.order[worked] - half]
        self.before = FusedConv(with_weights(before, weight, cast(Tensor, before.bias)), act=nn.ReLU())
        self.deep = FusedConv(_folded(branch, 3))
        self.point = FusedConv(_picked(_folded(branch, 5), sort), act=nn.ReLU())
        self.slices: list[tuple[int, int]] = []
        start = 0
        for size in layout.groups:
            living = int((~worked[start : start + size]).sum())
            if living:
                self.slices.append((start, living))
            start += size
        passed = torch.cat([layout.order[begin : begin + count] for begin, count in self.slices])
        order = torch.cat([2 * passed, places[sort]])
        self.layout = _Layout(order, [*(count for _, count in self.slices), half])

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, T, H, W] to the same shape."""
        made = self.point(self.deep(self.before(x)))
        return torch.cat([*(x.narrow(1, begin, count) for begin, count in self.slices), made], dim=1)


def _folded(branch: nn.Sequential, place: int) -> Conv:
    """Return the convolution at a place of a branch, with the norm behind it."""
    return folded_conv(cast(Conv, branch[place]), branch[place + 1])


def _picked(conv: Conv, rows: Tensor | None = None, columns: Tensor | None = None) -> Conv:
    """Return a convolution with some of its outputs and inputs, in another order."""
    weight, bias = conv.weight.data, cast(Tensor, conv.bias).data
    if rows is not None:
        weight, bias = weight[rows], bias[rows]
    return with_weights(conv, weight if columns is None else weight[:, columns], bias)
