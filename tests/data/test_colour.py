import numpy as np
import pytest
import torch

from tests.reference.augment_reference import colour
from yowo.data.colour import CPU_PIXELS, adjust_colour


def clip(seed, frames=3, height=7, width=9):
    """A clip, uint8 [K, 3, H, W], with grey, black, and pure colours in it."""
    made = torch.randint(256, (frames, 3, height, width), generator=torch.Generator().manual_seed(seed))
    made[:, :, 0] = made[:, :1, 0]
    made[:, :, 1] = 0
    made[:, :, 2, :3] = 255 * torch.eye(3, dtype=made.dtype)
    made[:, :, 2, 3:6] = 255 * (1 - torch.eye(3, dtype=made.dtype))
    return made.to(torch.uint8)


@pytest.mark.parametrize(
    ("hue", "saturation", "exposure"),
    [(0.0, 1.0, 1.0), (0.1, 1.5, 0.7), (-0.1, 0.66, 1.5), (0.45, 1.2, 1.1), (-1.0, 30.0, 30.0)],
)
def test_equals_the_hsv_conversion_pixel_by_pixel(hue, saturation, exposure):
    pictures = clip(0, frames=1)
    got = adjust_colour([pictures], torch.tensor([hue]), torch.tensor([saturation]), torch.tensor([exposure]))
    expected = colour(pictures[0].double().numpy() / 255, hue, saturation, exposure)
    assert np.abs(got[0, 0].numpy() - expected).max() < 2e-5 * max(1, saturation, exposure)


def test_each_clip_has_its_own_change():
    settings = torch.tensor([[0.1, -0.2], [1.0, 1.4], [0.8, 1.2]])
    both = adjust_colour([clip(1), clip(2)], *settings)
    assert torch.equal(both[1:], adjust_colour([clip(2)], *settings[:, 1:]))
    assert not torch.allclose(both[1:], adjust_colour([clip(2)], *settings[:, :1]))


def test_frames_computed_apart_are_those_computed_at_once():
    large = clip(3, frames=5, height=128, width=CPU_PIXELS // 128 // 2)  # two at a time, then the last one
    settings = torch.tensor([0.1]), torch.tensor([1.4]), torch.tensor([1.2])
    whole = adjust_colour([large], *settings)
    assert whole.shape == (1, 5, *large.shape[1:]) and whole.transpose(1, 2).is_contiguous()
    assert torch.equal(whole[:, 4:], adjust_colour([large[4:]], *settings))
    assert torch.equal(whole, adjust_colour([large.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)], *settings))
