import pytest
import torch

from tests.yowof_cases import ANCHORS
from yowo.models.backbones2d.resnet import Basic, Bottleneck, ResNet2D
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.fast.fast_copy import fast_copy
from yowo.models.fast.fast_recurrent import FastConvLSTM
from yowo.models.fast.fused_conv import FusedConv
from yowo.models.frame_steps import frame_steps
from yowo.models.yowof import YOWOF


def network(block):
    """YOWOF whose norms are no identities."""
    torch.manual_seed(0)
    net = YOWOF(ResNet2D(block, (1, 2, 1, 1)), lambda inputs: ConvLSTM(inputs, 8), 3, ANCHORS, tower_depth=2)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.3, 0.6)
    torch.nn.init.normal_(net.head.cls_pred.weight, std=0.1)
    return net.eval()


@torch.inference_mode()
@pytest.mark.parametrize("block", [Basic, Bottleneck])
def test_a_fast_copy_of_a_recurrent_network_computes_the_same(block):
    net = network(block)
    made = fast_copy(net)
    assert isinstance(made.backbone2d.conv1, FusedConv) and isinstance(made.head.cls_feats[0], FusedConv)
    assert isinstance(made.fusion, FastConvLSTM) and isinstance(net.fusion, ConvLSTM) and net.training is False
    clips = torch.randn(1, 3, 4, 64, 96)
    frames = clips[:, :, -1]
    past = [torch.randn(1, 8, 2, 3) for _ in range(2)]
    for _ in range(2):  # weights are laid out by the first call
        for name in ("cls", "boxes"):
            torch.testing.assert_close(made(clips)[name], net(clips)[name], rtol=1e-3, atol=1e-3)
        (ours, kept), (theirs, expected) = (frame_steps(one, 4, "state")(frames, past) for one in (made, net))
        torch.testing.assert_close(ours["cls"], theirs["cls"], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(kept, expected, rtol=1e-3, atol=1e-4)
