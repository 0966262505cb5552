import pytest
import torch
from torch import nn

from tests.exported_cases import ANCHORS, CLIP_LEN, clips, small_detector
from yowo.errors import ConfigError
from yowo.inference.exported.tracing import quietly, trace
from yowo.models.heads import GroupedHead


class Least(nn.Module):
    """One convolution, a norm and a head."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 4, (1, 32, 32), (1, 32, 32))
        self.norm = nn.BatchNorm3d(4)
        self.head = GroupedHead(4, 2, 3)

    def forward(self, clips):
        feature = self.norm(self.conv(clips)).mean(dim=2)
        return self.head.split(self.head(feature), torch.tensor(ANCHORS))


def check(net, given):
    kept = {name: value.clone() for name, value in net.state_dict().items()}
    traced = trace(net, CLIP_LEN, 32)
    assert traced.outputs == ["cls", "conf", "boxes", "deltas"] and traced.inputs == ["clips"]
    assert traced.levels == [{"stride": 32, "anchors": ANCHORS}]
    assert not [node for node in traced.program.graph.nodes if "batch_norm" in str(node.target)]
    program = traced.program.module()
    for one in given:
        raw = net(one)
        for name, found in zip(traced.outputs, program(one), strict=True):
            torch.testing.assert_close(found, raw[name], rtol=1e-4, atol=1e-4)
    assert all(torch.equal(kept[name], value) for name, value in net.state_dict().items())


def test_a_traced_network_takes_any_number_and_size_of_clips_and_the_original_stays():
    net = Least().eval()
    net.norm.running_mean.uniform_(-1, 1)
    check(net, (clips(1, 64, 96), clips(3, 96, 64), clips(1, 160, 64)))


@pytest.mark.long
def test_a_detector_with_two_backbones_is_traced():
    check(small_detector(), (clips(1, 64, 64), clips(3, 96, 64)))


class Unclear(nn.Module):
    def forward(self, clips):
        raw = Least.forward(self.inner, clips)
        return raw if clips.sum() > 1 else {**raw, "cls": raw["cls"] + 1}

    def __init__(self):
        super().__init__()
        self.inner = Least()


def test_a_network_that_cannot_be_traced_is_named():
    with pytest.raises(ConfigError, match=r"model=mine: torch\.export cannot trace this network \(\w+: \S+"):
        trace(Unclear(), CLIP_LEN, 32, "mine")


def test_what_exporters_print_does_not_reach_the_user(capsys):
    with quietly():
        print("[torch.onnx] Run decompositions...")
    assert capsys.readouterr().out == ""
