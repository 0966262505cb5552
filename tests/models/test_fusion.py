import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.fusion import CFAM, ChannelAttention, CoupledFusion, DecoupledFusion


def test_attention_starts_as_the_identity():
    x = torch.rand(2, 5, 3, 4)
    assert torch.equal(ChannelAttention()(x), x)


def test_attention_by_hand():
    attention = ChannelAttention()
    torch.nn.init.ones_(attention.gamma)
    x = torch.rand(1, 3, 2, 2)
    flat = x.reshape(3, 4)
    gram = flat @ flat.T
    weights = torch.stack([(row.max() - row).softmax(dim=0) for row in gram])
    assert torch.allclose(attention(x).reshape(3, 4), weights @ flat + flat, atol=1e-6)


def test_the_order_of_the_features_is_an_argument():
    torch.manual_seed(0)
    plus = CFAM(4, 6, channels=8, order=("2d", "3d")).eval()
    other = CFAM(4, 6, channels=8, order=("3d", "2d")).eval()
    other.load_state_dict(plus.state_dict())
    first = plus.layers[0].conv.weight
    other.layers[0].conv.weight.data = torch.cat([first[:, 4:], first[:, :4]], dim=1)
    a, b = torch.rand(1, 4, 2, 2), torch.rand(1, 6, 2, 2)
    assert torch.allclose(plus(a, b), other(a, b), atol=1e-6)


def test_wrong_order_and_activation_are_named():
    with pytest.raises(ConfigError, match=r"fusion\.order: expected \[2d, 3d\] or \[3d, 2d\], got \['2d'\]"):
        CFAM(1, 1, order=["2d"])
    with pytest.raises(ConfigError, match=r"activation: expected one of leaky_relu, relu, silu, none, got 'mish'"):
        CFAM(1, 1, act="mish")


def test_whole_channels_are_dropped_if_asked_for():
    torch.manual_seed(0)
    dropout = CFAM(1, 1, channels=64, dropout=0.5, drop_channels=True).train().layers[4]
    kept = dropout(torch.ones(1, 64, 3, 3)).flatten(2) > 0
    assert torch.equal(kept.any(dim=2), kept.all(dim=2))
    assert 10 < kept.any(dim=2).sum() < 54


def test_two_fusions_or_one_for_classes_and_boxes():
    classes, boxes, motion = (torch.rand(1, channels, 2, 3) for channels in (4, 5, 6))
    two = DecoupledFusion(4, 5, 6, channels=8).eval()
    found = two(classes, boxes, motion)
    assert torch.equal(found[0], two.cls(classes, motion)) and torch.equal(found[1], two.box(boxes, motion))
    one = CoupledFusion(4, 5, 6, channels=8).eval()
    found = one(classes, boxes, motion)
    assert torch.equal(found[0], one.both(torch.cat([classes, boxes], dim=1), motion))
    assert torch.equal(found[0], found[1]) and found[0].shape == (1, 8, 2, 3)
