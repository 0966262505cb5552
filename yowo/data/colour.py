"""Hue, saturation and brightness of whole batches of clips, without converting to HSV and back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

CPU_PIXELS = 2 * 224 * 224
"""Pixels that a CPU processes at a time, so that the intermediate results fit in a cache of one megabyte."""


def adjust_colour(clips: list[Tensor], hue: Tensor, saturation: Tensor, exposure: Tensor) -> Tensor:
    """Change hue, saturation and brightness, with one change for all frames of a clip.

    With value v = max(r, g, b), chroma c and hue h, the colour becomes v' = min(1, exposure * v),
    s' = min(1, saturation * c / v), h' = h + hue. Each channel of an HSV colour is v (1 - s) + v s w(h) with a ramp w
    in 0..1, so channels are computed directly from h', s' and v'. On a GPU all clips are computed at once.

    Args:
        clips: B tensors uint8 [K, 3, H, W] of one size, RGB, 0..255.
        hue: float [B], shift as a fraction of the colour circle.
        saturation: float [B], factors above 0.
        exposure: float [B], factors of the brightness, above 0.

    Returns:
        float32 [B, K, 3, H, W], 0..1, a view of contiguous [B, 3, K, H, W].
    """
    result = _planes((len(clips), *clips[0].shape), clips[0].device)
    if clips[0].device.type != "cpu":
        settings = [t.to(result).view(-1, 1, 1, 1) for t in (hue, saturation, exposure)]
        _adjust(torch.stack(clips), result, *settings)
        return result
    frames = max(1, CPU_PIXELS // max(1, clips[0].shape[-2:].numel()))
    of_clips = zip(hue.tolist(), saturation.tolist(), exposure.tolist(), strict=True)
    for pictures, clip, own in zip(result, clips, of_clips, strict=True):
        for first in range(0, len(clip), frames):
            part = slice(first, first + frames)
            _adjust(clip[part].contiguous(), pictures[part], *own)
    return result


def _planes(shape: Sequence[int], device: torch.device) -> Tensor:
    batch, frames, _, height, width = shape
    return torch.empty((batch, 3, frames, height, width), device=device).transpose(1, 2)


def _adjust(pictures: Tensor, result: Tensor, hue: Any, saturation: Any, exposure: Any) -> None:
    """Compute the new colours of uint8 [..., 3, H, W] into float32 `result` of the same shape.

    Hue, saturation and exposure are numbers or float [B, 1, 1, 1]. The first steps use int16, which is twice as fast as
    float32 on a CPU, and select with bit masks, because `torch.where` takes ten times as long there.
    """
    red, green, blue = pictures.to(torch.int16).unbind(dim=-3)
    red_or_green = torch.maximum(red, green)
    highest = torch.maximum(red_or_green, blue)
    chroma = highest - torch.minimum(torch.minimum(red, green), blue)
    is_red = torch.eq(highest, red, out=torch.empty_like(highest)).neg_()  # all bits set, or none
    is_blue = torch.gt(blue, red_or_green, out=red_or_green).neg_()
    if_green, if_red, if_blue = blue - red, green - blue, red.sub_(green)
    along = if_red.bitwise_xor_(if_green).bitwise_and_(is_red)
    along.bitwise_xor_(if_blue.bitwise_xor_(if_green).bitwise_and_(is_blue)).bitwise_xor_(if_green)
    along.addcmul_(is_red.sub_(is_blue), chroma, value=2)  # (6 * hue - 2) * chroma
    chroma, value = chroma.float(), highest.float().mul_(1 / 255)
    sixth = along.float().div_(chroma.clamp(min=1))
    sixth.add_(6 * hue + 14).mul_(1 / 6).frac_().mul_(6)
    depth = value.reciprocal().clamp_(max=exposure).mul_(chroma).mul_(saturation / 255)
    value.mul_(exposure).clamp_(max=1)
    depth = torch.minimum(depth, value, out=depth)
    ramp = torch.sub(sixth, 3, out=chroma).abs_().clamp_(1, 2)  # w + 1
    torch.addcmul(torch.sub(value, depth, alpha=2), depth, ramp, out=result[..., 0, :, :])
    value.add_(depth)
    ramp = torch.sub(sixth, 2, out=ramp).abs_().clamp_(1, 2)  # 2 - w
    torch.addcmul(value, depth, ramp, value=-1, out=result[..., 1, :, :])
    ramp = sixth.sub_(4).abs_().clamp_(1, 2)
    torch.addcmul(value, depth, ramp, value=-1, out=result[..., 2, :, :])
