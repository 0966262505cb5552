import numpy as np
import pytest
import torch

from tests.box_formats import cxcywh_to_xyxy
from tests.reference.nms_reference import greedy_nms
from tests.reference.nms_rounds_reference import nms_mask as in_rounds
from yowo.boxes.nms import nms_entries, nms_mask


def crowd(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.rand(count, 4, generator=generator) * torch.tensor([0.6, 0.6, 0.4, 0.4]) + 0.1
    return cxcywh_to_xyxy(boxes), torch.randint(0, 3, (count,), generator=generator)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_equals_greedy_suppression_box_by_box(seed, threshold):
    boxes, groups = crowd(60, seed)
    assert torch.equal(nms_mask(boxes, groups, threshold), greedy_nms(boxes, groups, threshold))
    assert torch.equal(nms_mask(boxes, None, threshold), greedy_nms(boxes, None, threshold))


def test_a_long_chain_of_overlaps_keeps_every_other_box():
    left = torch.arange(40.0)
    boxes = torch.stack([left, torch.zeros(40), left + 3, torch.ones(40)], dim=1)
    assert nms_mask(boxes, None, 0.4).tolist() == [i % 2 == 0 for i in range(40)]


def test_a_batch_equals_its_clips_one_by_one():
    pairs = [crowd(30, seed) for seed in range(3)]
    boxes, groups = torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])
    masks = nms_mask(boxes, groups, 0.4)
    assert all(torch.equal(m, nms_mask(b, g, 0.4)) for m, b, g in zip(masks, boxes, groups, strict=True))


def test_invalid_boxes_are_dropped_and_suppress_nothing():
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9]])
    assert nms_mask(boxes, None, 0.5, valid=torch.tensor([False, True])).tolist() == [False, True]


def test_no_boxes_at_all():
    assert nms_mask(torch.zeros(0, 4), None, 0.5).shape == (0,)


def test_a_box_that_overlaps_by_exactly_the_threshold_is_kept():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    assert nms_mask(boxes, None, 0.5).tolist() == [True, True]
    assert nms_mask(boxes, None, 0.49).tolist() == [True, False]


def small_blocks(monkeypatch: pytest.MonkeyPatch, first: int, least: int, table: int) -> None:
    """Few entries and boxes at a time."""
    for name, value in (("FIRST", first), ("LEAST", least), ("ROOM", 1), ("TABLE", table)):
        monkeypatch.setattr(f"yowo.boxes.nms.{name}", value)


@pytest.mark.parametrize("block", [1, 7, 50])
def test_blocks_of_few_entries_equal_one_of_all(monkeypatch, block):
    small_blocks(monkeypatch, block, block, 0)
    boxes = torch.stack([crowd(60, seed)[0] for seed in range(5)])
    groups = torch.stack([crowd(60, seed)[1] for seed in range(5)])
    valid = torch.rand(5, 60, generator=torch.Generator().manual_seed(0)) < 0.8
    for classes in (groups, None):
        assert torch.equal(nms_mask(boxes, classes, 0.3, valid), in_rounds(boxes, classes, 0.3, valid))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(6))
def test_equals_suppression_in_rounds_for_equal_swapped_and_empty_boxes(seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.randint(0, 6, (80, 4), generator=generator).to(dtype) / 3
    groups = torch.randint(0, 3, (80,), generator=generator)
    for threshold in (0.0, 1 / 3, 0.5, 1.0):
        assert torch.equal(nms_mask(boxes, groups, threshold), in_rounds(boxes, groups, threshold))


@pytest.mark.parametrize("count", [12, 200])
@pytest.mark.parametrize(("block", "table"), [(1000, 1 << 20), (9, 1 << 20), (9, 0)])
@pytest.mark.parametrize("classes", [1, 24])
def test_entries_that_share_boxes_equal_entries_with_boxes_of_their_own(monkeypatch, count, block, table, classes):
    boxes, generator = crowd(50, 0)[0].numpy(), np.random.default_rng(0)
    pairs = generator.permutation(50 * classes)[:count]
    places, groups = pairs // classes, pairs % classes
    expected = in_rounds(torch.from_numpy(boxes[places]), torch.from_numpy(groups), 0.3).nonzero().squeeze(1)
    small_blocks(monkeypatch, block, block, table)
    assert nms_entries(boxes, places, groups, 0.3).tolist() == expected.tolist()
    assert nms_entries(boxes[places], None, groups, 0.3).tolist() == expected.tolist()


def test_entries_of_one_box_suppress_each_other_in_a_group_only():
    boxes = np.array([[0, 0, 4, 4], [9, 9, 12, 12]], np.float32)
    places, groups = np.array([1, 0, 1, 0, 1]), np.array([0, 0, 0, 2, 3])
    assert nms_entries(boxes, places, groups, 0.5).tolist() == [0, 1, 3, 4]
    assert nms_entries(boxes, places, None, 0.5).tolist() == [0, 1]
    assert nms_entries(boxes[:0], places[:0], groups[:0], 0.5).tolist() == []
