import torch
from torch import nn

from yowo.models.backbones3d.resnet import Basic, Bottleneck, PoolShortcut
from yowo.models.fast.fast_blocks import FastChannelAttention, FastResidual
from yowo.models.fusion import ChannelAttention


@torch.inference_mode()
def test_blocks_give_what_they_were_made_of_gives():
    torch.manual_seed(0)
    x = torch.randn(2, 8, 3, 6, 6)
    for block in (
        Basic(8, 4, 16, 2, 1, PoolShortcut(16, 2)).eval(),
        Bottleneck(8, 4, 8, 1, 2, nn.Identity()).eval(),
    ):
        torch.testing.assert_close(FastResidual(block, block.downsample)(x), block(x), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_attention_in_one_operation_is_that_in_several():
    torch.manual_seed(0)
    attention = ChannelAttention()
    nn.init.constant_(attention.gamma, 0.7)
    x = torch.randn(2, 16, 3, 5)
    torch.testing.assert_close(FastChannelAttention(attention)(x), attention(x), rtol=1e-5, atol=1e-5)
