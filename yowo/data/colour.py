"""Hue, saturation and brightness of whole batches of clips, without converting to HSV and back."""

import torch
from torch import Tensor


def adjust_colour(pictures: Tensor, hue: Tensor, saturation: Tensor, exposure: Tensor) -> Tensor:
    """Change colours in the HSV cone, one change for all frames of a clip.

    With value v = max(r, g, b), chroma c and hue h, the colour becomes v' = min(1, exposure * v),
    s' = min(1, saturation * c / v), h' = h + hue. Each channel of an HSV colour is v (1 - s * k(h)) with a ramp k in
    0..1, so channels are computed straight from h', s' and v'.

    Args:
        pictures: float [B, K, 3, H, W], 0..1, RGB.
        hue: float [B], shift as a share of the colour circle.
        saturation: float [B], factors above 0.
        exposure: float [B], factors above 0.

    Returns:
        float [B, K, 3, H, W], 0..1.
    """
    red, green, blue = pictures.unbind(dim=2)
    value = pictures.amax(dim=2)
    chroma = value - pictures.amin(dim=2)
    safe = chroma.clamp(min=1e-8)
    sixth = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    shape = (-1, 1, 1, 1)
    saturation, exposure, hue = (t.to(pictures).view(shape) for t in (saturation, exposure, hue))
    sixth = sixth + 6 * hue
    strength = (chroma / value.clamp(min=1e-8) * saturation).clamp(max=1)
    bright = (value * exposure).clamp(max=1)
    depth = bright * strength
    channels = []
    for start in (5.0, 3.0, 1.0):
        k = (sixth + start).remainder(6)
        channels.append(bright - depth * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, dim=2)
