"""Hue, saturation and brightness of whole batches of clips, without converting to HSV and back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

CPU_FRAMES = 4
"""Frames that a CPU works on at a time: what it computes stays in its cache."""


def adjust_colour(pictures: Tensor, hue: Tensor, saturation: Tensor, exposure: Tensor) -> Tensor:
    """Change colours in the HSV cone, one change for all frames of a clip.

    With value v = max(r, g, b), chroma c and hue h, the colour becomes v' = min(1, exposure * v),
    s' = min(1, saturation * c / v), h' = h + hue. Each channel of an HSV colour is v (1 - s) + v s w(h) with a ramp w
    in 0..1, so channels are computed straight from h', s' and v'.

    Args:
        pictures: float [B, K, 3, H, W], 0..1, RGB.
        hue: float [B], shift as a share of the colour circle.
        saturation: float [B], factors above 0.
        exposure: float [B], factors above 0.

    Returns:
        float [B, K, 3, H, W], 0..1: a view of contiguous [B, 3, K, H, W].
    """
    result = _planes(pictures.shape, pictures.device)
    settings = [t.to(pictures).view(-1, 1, 1, 1) for t in (hue, saturation, exposure)]
    _adjust(pictures, result, *settings)
    return result


def adjust_clips(clips: list[Tensor], hue: Tensor, saturation: Tensor, exposure: Tensor) -> Tensor:
    """Do `adjust_colour` to clips of one size: at once on a GPU, in the cache of a CPU a few frames after the others.

    Args:
        clips: B tensors uint8 [K, 3, H, W].
        hue: As in `adjust_colour`, and so are the rest and the result.
        saturation: Factors.
        exposure: Factors.
    """
    if clips[0].device.type != "cpu":
        return adjust_colour(torch.stack(clips).float().div_(255), hue, saturation, exposure)
    result = _planes((len(clips), *clips[0].shape), clips[0].device)
    settings = zip(hue.tolist(), saturation.tolist(), exposure.tolist(), strict=True)
    for pictures, clip, own in zip(result, clips, settings, strict=True):
        for first in range(0, len(clip), CPU_FRAMES):
            part = slice(first, first + CPU_FRAMES)
            planes = clip[part].contiguous().float().div_(255)
            _adjust(planes[None], pictures[None, part], *own)
    return result


def _planes(shape: Sequence[int], device: torch.device) -> Tensor:
    batch, frames, _, height, width = shape
    return torch.empty((batch, 3, frames, height, width), device=device).transpose(1, 2)


def _adjust(pictures: Tensor, result: Tensor, hue: Any, saturation: Any, exposure: Any) -> None:
    """Do the arithmetic: [b, k, 3, H, W] to the same of `result`; the settings are numbers, or tensors [b, 1, 1, 1].

    Masks are multiplied: choosing by `torch.where` takes ten times as long on a CPU.
    """
    red, green, blue = pictures.unbind(dim=2)
    red_or_green = torch.maximum(red, green)
    value = torch.maximum(red_or_green, blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    is_red = torch.eq(value, red, out=torch.empty_like(value))
    is_blue = torch.gt(value, red_or_green, out=red_or_green)
    is_green = torch.add(is_red, is_blue).neg_().add_(1)
    sixth = (green - blue).mul_(is_red).addcmul_(blue - red, is_green).addcmul_(red - green, is_blue)
    depth = value.reciprocal().clamp_(max=exposure).mul_(saturation).mul_(chroma)
    sixth.div_(chroma.clamp_(min=1e-8)).add_(is_green, alpha=2).add_(is_blue, alpha=4)
    sixth.add_(6 * hue + 12).mul_(1 / 6).frac_().mul_(6)
    value = (value * exposure).clamp_(max=1)
    depth = torch.minimum(depth, value)
    least = value.sub_(depth)
    ramp = torch.sub(sixth, 3).abs_().sub_(1).clamp_(0, 1)
    torch.addcmul(least, depth, ramp, out=result[:, :, 0])
    ramp = torch.sub(sixth, 2, out=ramp).abs_().neg_().add_(2).clamp_(0, 1)
    torch.addcmul(least, depth, ramp, out=result[:, :, 1])
    ramp = sixth.sub_(4).abs_().neg_().add_(2).clamp_(0, 1)
    torch.addcmul(least, depth, ramp, out=result[:, :, 2])
