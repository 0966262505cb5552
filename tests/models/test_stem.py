import pytest
import torch
from torch import nn

from yowo.models.stem import folded_conv


@torch.inference_mode()
@pytest.mark.parametrize("bias", [False, True])
def test_one_convolution_does_what_convolution_and_norm_do(bias):
    torch.manual_seed(0)
    conv, norm = nn.Conv3d(4, 6, 3, (1, 2, 2), 1, groups=2, bias=bias), nn.BatchNorm3d(6).eval()
    for values in (norm.running_mean, norm.weight, norm.bias):
        nn.init.normal_(values)
    nn.init.uniform_(norm.running_var, 0.5, 2)
    x = torch.randn(2, 4, 5, 8, 8)
    folded = folded_conv(conv, norm)
    assert folded.stride == (1, 2, 2) and folded.groups == 2
    torch.testing.assert_close(folded(x), norm(conv(x)), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_without_a_norm_weights_stay():
    conv = nn.Conv2d(2, 3, 1)
    folded = folded_conv(conv, nn.Identity())
    assert torch.equal(folded.weight, conv.weight) and torch.equal(folded.bias, conv.bias)
