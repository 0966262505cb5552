import torch

from yowo.models.conv_lstm import ConvLSTM, MemoryState


def cell():
    torch.manual_seed(0)
    return ConvLSTM(inputs=3, channels=2)


def states(batch=2):
    draw = torch.Generator().manual_seed(1)
    return MemoryState(*(torch.randn(batch, 2, 4, 5, generator=draw) for _ in range(2)))


def test_the_gates_are_enter_keep_show_and_fresh_in_this_order():
    net = cell()
    torch.nn.init.zeros_(net.conv.weight)
    with torch.no_grad():
        net.conv.bias.copy_(torch.tensor([0.5, 0.5, 2.0, 2.0, -1.0, -1.0, 0.3, 0.3]))
    before = states()
    after = net(torch.randn(2, 3, 4, 5), before)
    i, f, o, g = (torch.tensor(value) for value in (0.5, 2.0, -1.0, 0.3))
    expected = f.sigmoid() * before.cell + i.sigmoid() * g.tanh()
    torch.testing.assert_close(after.cell, expected)
    torch.testing.assert_close(after.hidden, o.sigmoid() * expected.tanh())


def test_a_frame_comes_before_the_last_output_in_the_convolution():
    net, before = cell(), states()
    with torch.no_grad():
        net.conv.weight[:, :3] = 0
    feature = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(net(feature, before).cell, net(0 * feature, before).cell)
    assert not torch.allclose(net(feature, before).cell, net(feature, MemoryState(0 * before.hidden, before.cell)).cell)


def test_what_enters_can_be_computed_before_the_state_is_known():
    net, feature, before = cell(), torch.randn(2, 3, 4, 5), states()
    for one, other in zip(net.follow(net.entered(feature), before), net(feature, before), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_start_is_zeros_on_the_grid_of_the_feature():
    net, feature = cell(), torch.randn(2, 3, 4, 5)
    start = net.start(feature)
    assert start.hidden.shape == (2, 2, 4, 5) and not start.hidden.any() and not start.cell.any()
    for one, other in zip(net.follow(net.entered(feature), None), net(feature, start), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
