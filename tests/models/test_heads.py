import pytest
import torch

from yowo.models.heads import PRIOR, GroupedHead, PerAnchorHead, grouped_output, per_anchor_output

ANCHORS = torch.tensor([[10.0, 20.0], [30.0, 30.0]])


def numbered(classes):
    """A prediction of 1 x 2 cells in which every number tells its place: channel + 0.1 x column."""
    channels = torch.arange(2 * (5 + classes)).float().reshape(1, -1, 1, 1)
    return channels + torch.tensor([0.0, 0.1])


def test_the_original_order_is_box_confidence_classes_anchor_by_anchor():
    raw = per_anchor_output(numbered(3), ANCHORS, stride=32)
    assert raw["image_size"] == (32, 64)
    assert raw["deltas"][0, 1].tolist() == [8, 9, 10, 11]
    assert raw["conf"].flatten().tolist() == pytest.approx([4, 12, 4.1, 12.1])
    assert raw["cls"][0, 3].tolist() == pytest.approx([13.1, 14.1, 15.1])


def test_yowo_plus_order_is_confidences_classes_boxes():
    raw = grouped_output(numbered(3), ANCHORS, stride=32)
    assert raw["conf"].flatten().tolist() == pytest.approx([0, 1, 0.1, 1.1])
    assert raw["cls"][0, 1].tolist() == [5, 6, 7]
    assert raw["deltas"][0, 2].tolist() == pytest.approx([8.1, 9.1, 10.1, 11.1])


def test_a_head_describes_its_level_with_its_own_stride():
    raw = GroupedHead(8, 2, 3, level_stride=16).split(numbered(3), ANCHORS)
    assert raw["levels"] == ((16, 1, 2, 2),) and raw["image_size"] == (16, 32)
    assert raw["points"].tolist() == [[8, 8], [8, 8], [24, 8], [24, 8]] and raw["strides"].tolist() == [16] * 4
    wide = PerAnchorHead(8, 2, 3).split(numbered(3), ANCHORS)
    assert torch.allclose(wide["points"], 2 * raw["points"])


def test_boxes_of_both_orders_are_decoded_alike():
    deltas, rest = torch.randn(1, 4, 2, 3), torch.zeros(1, 3, 2, 3)
    one = ANCHORS[:1]
    first = per_anchor_output(torch.cat([deltas, rest], dim=1), one, stride=32)
    second = grouped_output(torch.cat([rest, deltas], dim=1), one, stride=32)
    assert torch.equal(first["boxes"], second["boxes"])
    cell = first["boxes"].reshape(2, 3, 4)[1, 2]
    centre = torch.stack([(cell[0] + cell[2]) / 2, (cell[1] + cell[3]) / 2])
    assert torch.allclose(centre, (deltas[0, :2, 1, 2].sigmoid() + torch.tensor([2.0, 1.0])) * 32, atol=1e-4)


def test_heads_have_the_channels_of_their_order():
    assert GroupedHead(8, 5, 24).weight.shape == PerAnchorHead(8, 5, 24).weight.shape == (145, 8, 1, 1)
    assert PerAnchorHead(8, 5, 24).bias is None
    assert torch.allclose(GroupedHead(8, 2, 3).bias[:8].sigmoid(), torch.tensor(PRIOR))
