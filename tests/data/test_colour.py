import numpy as np
import pytest
import torch

from tests.reference.augment_reference import colour
from yowo.data.colour import adjust_colour


@pytest.mark.parametrize(
    ("hue", "saturation", "exposure"), [(0.0, 1.0, 1.0), (0.1, 1.5, 0.7), (-0.1, 0.66, 1.5), (0.45, 1.2, 1.1)]
)
def test_equals_the_hsv_conversion_pixel_by_pixel(hue, saturation, exposure):
    pictures = torch.rand(1, 1, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    pictures[..., 0, :] = pictures[..., :1, 0, :]  # greys
    pictures[..., 1, :] = 0
    pictures[..., 2, :3] = torch.eye(3)
    got = adjust_colour(pictures, torch.tensor([hue]), torch.tensor([saturation]), torch.tensor([exposure]))
    expected = colour(pictures[0, 0].double().numpy(), hue, saturation, exposure)
    assert np.abs(got[0, 0].numpy() - expected).max() < 2e-6


def test_each_clip_has_its_own_change():
    pictures = torch.rand(2, 3, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    both = adjust_colour(pictures, torch.tensor([0.1, -0.2]), torch.tensor([1.0, 1.4]), torch.tensor([0.8, 1.2]))
    second = adjust_colour(pictures[1:], torch.tensor([-0.2]), torch.tensor([1.4]), torch.tensor([1.2]))
    assert torch.allclose(both[1:], second)
