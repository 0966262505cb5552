"""Max pooling axis by axis where no gradient is needed: the same numbers in a fraction of the time on CPUs."""

import torch
from torch import Tensor, nn


class MaxPool2d(nn.MaxPool2d):
    """`nn.MaxPool2d` of kernel 2 and stride 2, or kernel 3, stride 2 and padding 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to half its height and width."""
        out: Tensor = _by_axes(x, (2, 3), self.kernel_size) if _can_go_by_axes(x) else super().forward(x)
        return out


class MaxPool3d(nn.MaxPool3d):
    """`nn.MaxPool3d` of kernel 2 and stride 2, or kernel 3, stride 2 and padding 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, T, H, W] to half its length, height and width."""
        out: Tensor = _by_axes(x, (2, 3, 4), self.kernel_size) if _can_go_by_axes(x) else super().forward(x)
        return out


def _can_go_by_axes(x: Tensor) -> bool:
    """Tell whether a tensor is on the CPU and the pooling is neither differentiated nor traced."""
    free = not (torch.is_grad_enabled() and x.requires_grad)
    return free and x.device.type == "cpu" and not (torch.compiler.is_compiling() or torch.jit.is_tracing())  # type: ignore[no-untyped-call,attr-defined]


def _by_axes(x: Tensor, axes: tuple[int, ...], kernel: object) -> Tensor:
    """Halve a tensor along axes, one after the other; the largest of a box is the largest of its rows' largest."""
    for axis in axes:
        size = x.shape[axis]
        if kernel == 2:
            x = torch.maximum(_every_second(x, axis, 0, size // 2), _every_second(x, axis, 1, size // 2))
            continue
        count, pairs = (size + 1) // 2, size // 2
        left, odd = _every_second(x, axis, 0, count), _every_second(x, axis, 1, pairs)
        largest = torch.maximum(left.narrow(axis, 0, pairs), odd)
        if count > pairs:  # the last element has no right neighbour
            largest = torch.cat([largest, left.narrow(axis, pairs, 1)], dim=axis)
        if count > 1:
            rest = largest.narrow(axis, 1, count - 1)
            torch.maximum(rest, odd.narrow(axis, 0, count - 1), out=rest)
        x = largest
    return x


def _every_second(x: Tensor, axis: int, start: int, count: int) -> Tensor:
    """Return `count` elements along an axis from `start` on, every second one."""
    places = [slice(None)] * x.ndim
    places[axis] = slice(start, start + 2 * count - 1, 2) if count else slice(0, 0)
    return x[tuple(places)]
