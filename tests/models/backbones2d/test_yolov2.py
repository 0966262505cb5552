import torch

from yowo.models.backbones2d.yolov2 import YOLOv2, passthrough


def test_passthrough_puts_offset_dy_dx_into_channel_block_2dy_plus_dx():
    x = torch.arange(2 * 4 * 6, dtype=torch.float32).reshape(1, 2, 4, 6)
    folded = passthrough(x)
    assert folded.shape == (1, 8, 2, 3)
    for dy in range(2):
        for dx in range(2):
            for channel in range(2):
                assert torch.equal(folded[0, (2 * dy + dx) * 2 + channel], x[0, channel, dy::2, dx::2])


def test_feature_has_a_cell_for_each_32_pixels_of_any_size():
    net = YOLOv2(width=0.125, out_channels=40).eval()
    assert net(torch.rand(2, 3, 64, 96)).shape == (2, 40, 2, 3)
    assert net.out_channels == 40


def test_gradients_reach_the_first_convolution():
    net = YOLOv2(width=0.125, out_channels=8)
    net(torch.rand(2, 3, 64, 64)).square().sum().backward()
    assert net.conv_1[0].conv.weight.grad.abs().sum() > 0
