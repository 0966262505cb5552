import torch

from yowo.models.layers import ConvNormAct


def test_the_block_keeps_the_size_and_its_activation_leaks():
    block = ConvNormAct(3, 5, 3).eval()
    torch.nn.init.zeros_(block.conv.weight)
    torch.nn.init.constant_(block.norm.bias, -1.0)
    out = block(torch.rand(1, 3, 6, 7))
    assert out.shape == (1, 5, 6, 7)
    assert torch.allclose(out, torch.tensor(-0.1))
    assert ConvNormAct(3, 5, 1, "relu").act(torch.tensor(-1.0)) == 0


def test_a_bias_is_there_only_when_asked_for():
    assert ConvNormAct(3, 5, 3).conv.bias is None
    assert ConvNormAct(3, 5, 3, bias=True).conv.bias is not None
