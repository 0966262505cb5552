import torch
from torch import nn

from tests.exported_cases import clips, small_detector
from yowo.inference.exported.folding import fold_batch_norms


def norms(network):
    return [m for m in network.modules() if isinstance(m, (nn.BatchNorm2d, nn.BatchNorm3d))]


def test_every_norm_of_a_detector_is_folded_and_the_output_stays():
    net = small_detector()
    before = net(clips(2))
    count = len(norms(net))
    assert fold_batch_norms(net, lambda: net(clips())) == count and not norms(net)
    after = net(clips(2))
    for name in ("cls", "conf", "boxes"):
        torch.testing.assert_close(after[name], before[name], rtol=1e-4, atol=1e-5)


class Odd(nn.Module):
    """A norm behind an activation, and a convolution that two norms follow, and one whose norm is used twice."""

    def __init__(self):
        super().__init__()
        self.shared, self.twice, self.alone = (nn.Conv2d(3, 3, 1) for _ in range(3))
        self.after_relu, self.one, self.other, self.used_twice = (nn.BatchNorm2d(3) for _ in range(4))

    def forward(self, x):
        both = self.shared(x)
        x = self.one(both) + self.other(both)
        x = self.after_relu(torch.relu(self.alone(x)))
        return self.used_twice(self.twice(x)) + self.used_twice(x)


def test_a_norm_that_does_not_follow_one_convolution_alone_stays():
    net = Odd().eval()
    for norm in norms(net):
        norm.running_mean.uniform_(-1, 1)
    x = torch.randn(2, 3, 4, 4)
    before = net(x)
    assert fold_batch_norms(net, lambda: net(x)) == 0
    assert torch.equal(net(x), before) and len(norms(net)) == 4
