import copy

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.backbones2d.free_yolo import FreeYOLO
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones2d.yolov8 import YOLOv8
from yowo.models.backbones3d.i3d import I3D
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.parts import freeze
from yowo.models.recomputing import recompute_segments, run_segment

CLIPS = torch.randn(2, 3, 8, 32, 32, generator=torch.Generator().manual_seed(0))


LARGE = torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))


class Holder(nn.Module):
    """A network with one backbone."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        return self.backbone(x)


class Joined(nn.Module):
    """A backbone of several levels; the output is all of its features."""

    recompute = False

    def __init__(self, levels):
        super().__init__()
        self.levels = levels

    def forward(self, x):
        self.levels.recompute = self.recompute
        parts = [(f,) if isinstance(f, torch.Tensor) else f for f in self.levels(x)]
        return torch.cat([feature.flatten() for features in parts for feature in features])


def trained(net, x, precision=None):
    """Loss, gradients and statistics after one step, and the bytes that autograd stored."""
    stored = {}

    def store(tensor):
        stored[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(store, lambda tensor: tensor):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            out = net(x)
        loss = out.float().square().sum()
    loss.backward()
    return [loss, *(p.grad for p in net.parameters() if p.requires_grad), *net.buffers()], sum(stored.values())


@pytest.mark.parametrize(
    ("make", "x", "frozen"),
    [
        (lambda: YOLOv2(width=0.05, out_channels=8), CLIPS[:, :, -1], []),
        (lambda: tiny_resnet3d(4, layers=(2, 1, 1, 1)), CLIPS, ["backbone.layer2"]),
        (lambda: ShuffleNetV2("0.25x", repeats=(2, 1, 1)), CLIPS, []),
        pytest.param(lambda: Joined(YOLOv8("n")), LARGE, [], marks=pytest.mark.long),
        pytest.param(lambda: Joined(FreeYOLO("elan_tiny")), LARGE, [], marks=pytest.mark.long),
        pytest.param(lambda: Joined(FreeYOLO("shufflenetv2")), LARGE, [], marks=pytest.mark.long),
        pytest.param(I3D, CLIPS, ["backbone.Mixed_3b"], marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("precision", [None, "bf16"])
def test_gradients_and_statistics_are_those_without_and_less_is_stored(make, x, frozen, precision):
    torch.manual_seed(0)
    plain = Holder(make())
    freeze(plain, frozen)
    saving = copy.deepcopy(plain)
    recompute_segments(saving)
    expected, much = trained(plain, x, precision)
    found, less = trained(saving, x, precision)
    assert all(one.equal(other) for one, other in zip(expected, found, strict=True))
    assert precision or less < 0.8 * much  # in half precision copies of the weights are most of it


def test_momenta_are_as_before_and_also_a_cumulative_average_counts_a_batch_once():
    segment = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, momentum=None), nn.BatchNorm1d(3, momentum=0.3))
    x = torch.randn(5, 3)
    for _ in range(2):
        run_segment(segment, x, True).sum().backward()
    expected = segment[0](x).mean(dim=0)
    assert segment[1].num_batches_tracked == 2 and segment[1].running_mean.allclose(expected, atol=1e-6)
    assert [norm.momentum for norm in segment[1:]] == [None, 0.3]


def test_a_network_without_segments_is_an_error():
    with pytest.raises(ConfigError, match="gradient_checkpointing: no backbone of this network offers it"):
        recompute_segments(Holder(nn.Linear(2, 2)))
