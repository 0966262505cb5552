import pytest
import torch

from tests.foreign_weights import foreign, small_shufflenet
from yowo.errors import WeightsError
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.weights.family_names import BINS
from yowo.weights.opening import open_weights


def test_a_file_is_opened_by_what_it_holds(tmp_path):
    content = {"state_dict": foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d", "module."), "epoch": 3}
    torch.save(content, tmp_path / "x.bin")
    weights = open_weights(tmp_path / "x.bin")
    assert (weights.source, weights.kind.part) == (str(tmp_path / "x.bin"), "backbone3d")
    assert "features.0.branch2.0.weight" in weights.state and weights.content["epoch"] == 3
    assert weights.entries(small_shufflenet()) is weights.state


def test_a_file_that_goes_by_order_takes_its_names_from_the_network():
    with torch.device("meta"):
        network = build_resnet2d("resnet18")
    state = {f"backbone.layer1.0.conv1.conv.{place}": t for place, t in enumerate(network.state_dict().values())}
    counted = {n if t.ndim else f"{n}.num_batches_tracked": t for n, t in state.items()}
    assert list(open_weights(counted).entries(network)) == list(network.state_dict())


def test_what_does_not_convert_names_its_file(tmp_path):
    torch.save({"net2D.a": torch.ones(2), BINS: torch.ones(16)}, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=r"x\.pth: detection_head\.dfl\.conv\.weight: expected the distances"):
        open_weights(tmp_path / "x.pth")
