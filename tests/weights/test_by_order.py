import pytest
import torch

from yowo.errors import WeightsError
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.weights.by_order import ordered_names, state_by_order


@pytest.fixture(scope="module")
def network():
    with torch.device("meta"):
        return build_resnet2d("resnet18")


@pytest.mark.parametrize("counted", [True, False])
def test_entries_get_the_names_at_their_places(network, counted):
    ours = ordered_names(network, counted)
    theirs = {f"x{place}{'.num_batches_tracked' if n.endswith('tracked') else ''}": n for place, n in enumerate(ours)}
    named = state_by_order(theirs | {"cls_head.fc_cls.weight": "w"}, network, "cls_head.", "f.pth")
    assert named == {name: name for name in ours} | {"cls_head.fc_cls.weight": "w"}
    assert (len(ours) == len(network.state_dict())) is counted


def test_another_number_of_entries_is_another_network(network):
    with pytest.raises(WeightsError, match=r"f\.pth: expected 100 .* for this 2D backbone \(ResNet2D\), got 1: "):
        state_by_order({"a": None, "cls_head.b": None}, network, "cls_head.", "f.pth")
