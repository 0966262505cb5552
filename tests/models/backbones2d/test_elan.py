import pytest
import torch

from yowo.models.backbones2d.elan import ELAN, Down, ELANNet


@pytest.mark.parametrize("large", [False, True])
def test_features_of_three_strides(large):
    net = ELANNet(large).eval()
    with torch.no_grad():
        features = net(torch.rand(1, 3, 32, 64))
    for feature, channels, stride in zip(features, net.channels, (8, 16, 32), strict=True):
        assert feature.shape == (1, channels, 32 // stride, 64 // stride)


def test_the_last_convolution_is_silu_whatever_the_others_are():
    block = ELAN(8, 6, 1, "leaky_relu").eval()
    x = torch.rand(1, 8, 8, 8)
    first, second = block.cv1(x), block.cv2(x)
    third = block.cv3(second)
    joined = torch.cat([first, second, third, block.cv4(third)], dim=1)
    assert torch.allclose(block(x), torch.nn.functional.silu(block.out.norm(block.out.conv(joined))), atol=1e-6)


def test_down_joins_pooling_and_a_convolution():
    block = Down(8, 4, "silu").eval()
    x = torch.rand(1, 8, 8, 8)
    pooled = block.cv1(torch.nn.functional.max_pool2d(x, 2))
    assert torch.equal(block(x), torch.cat([pooled, block.cv2(x)], dim=1)) and block(x).shape == (1, 8, 4, 4)
