import pytest
import torch
from torch import nn

from yowo.models.fast import fused_conv
from yowo.models.fast.fused_conv import FusedConv, can_pack


@torch.inference_mode()
@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize(
    ("act", "added"), [(None, True), (None, False), (nn.ReLU(), True), (nn.ReLU(), False), (nn.LeakyReLU(0.1), False)]
)
@pytest.mark.parametrize(
    "conv", [nn.Conv2d(4, 8, 3, 2, 1), nn.Conv3d(4, 8, 1, bias=False), nn.Conv3d(4, 4, 3, 1, 1, groups=4)]
)
def test_it_is_convolution_norm_sum_and_activation(conv, act, added, packing, monkeypatch):
    monkeypatch.setattr(fused_conv, "can_pack", lambda: packing)
    torch.manual_seed(0)
    norm = (nn.BatchNorm2d if isinstance(conv, nn.Conv2d) else nn.BatchNorm3d)(conv.out_channels).eval()
    nn.init.normal_(norm.running_mean)
    nn.init.normal_(norm.bias)
    fused = FusedConv(conv, norm, act)
    for size in (6, 8):  # also of a size that the weights were not laid out for
        x = torch.randn(2, 4, *[size] * (conv.weight.ndim - 2))
        expected = norm(conv(x))
        other = torch.randn_like(expected) if added else None
        expected = expected if other is None else expected + other
        expected = expected if act is None else act(expected)
        torch.testing.assert_close(fused(x, other), expected, rtol=1e-5, atol=1e-5)


def test_another_precision_goes_the_plain_way():
    conv = nn.Conv2d(4, 8, 1)
    fused = FusedConv(conv).double()
    x = torch.randn(1, 4, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(fused(x), conv.double()(x))


def test_operations_that_give_something_else_are_not_used(monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "conv2d", lambda x, *_, **__: x.new_zeros(1, 4, 5, 5))
    assert not can_pack.__wrapped__()
