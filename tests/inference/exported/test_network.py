import pytest
import torch

from tests.exported_cases import CLIP_LEN, clips, facts, small_detector
from yowo.errors import ConfigError
from yowo.inference.exported.network import ExportedNetwork


class Fake:
    """Runs the network itself in the place of a file."""

    name = "a program 1.0"

    def __init__(self, network):
        self.network = network

    @torch.no_grad()
    def run(self, inputs):
        raw = self.network(torch.from_numpy(inputs["clips"]))
        return {name: raw[name].numpy() for name in ("cls", "conf", "boxes", "deltas")}


def test_an_exported_network_gives_the_whole_raw_output_of_the_detector():
    net = small_detector()
    file = ExportedNetwork(Fake(net), facts())
    for given in (clips(2), clips(1, 32, 160)):
        ours, theirs = net(given), file(given)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            assert torch.equal(value, theirs[name]) if isinstance(value, torch.Tensor) else value == theirs[name]
    assert (file.strides, file.num_classes, file.multi_hot) == (net.strides, 3, False)
    assert str(file) == "small of motion, 3 classes, fp32, streaming=clip, run by a program 1.0 on the CPU"


def test_levels_without_anchors_have_none():
    net = small_detector()
    file = ExportedNetwork(Fake(net), facts(levels=[{"stride": 32, "anchors": [None, None]}]))
    raw = file(clips())
    assert "anchors" not in raw and raw["levels"] == net(clips())["levels"]


def test_clips_of_another_length_and_features_are_refused():
    file = ExportedNetwork(Fake(small_detector()), facts())
    with pytest.raises(ConfigError, match=f"takes clips of {CLIP_LEN} frames, got 3"):
        file(clips()[:, :, :3])
    with pytest.raises(ConfigError, match="divisible by 32"):
        file(clips(1, 65, 64))
    with pytest.raises(ConfigError, match="context=lfb needs"):
        file(clips(), torch.zeros(1, 16, 2, 3))
