import pytest
import torch

from tests.box_formats import cxcywh_to_xyxy
from tests.reference.nms_reference import greedy_nms
from yowo.boxes.nms import nms_mask, nms_rows


def crowd(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.rand(count, 4, generator=generator) * torch.tensor([0.6, 0.6, 0.4, 0.4]) + 0.1
    return cxcywh_to_xyxy(boxes), torch.randint(0, 3, (count,), generator=generator)


@pytest.mark.parametrize("seed", range(8))
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


@pytest.mark.parametrize("block", [1, 7, 16])
def test_boxes_decided_in_blocks_equal_boxes_decided_at_once(monkeypatch, block):
    boxes, groups = crowd(60, 2)
    expected = [nms_mask(boxes, groups, 0.3), nms_mask(boxes.expand(2, -1, -1), None, 0.3)]
    monkeypatch.setattr("yowo.boxes.nms.BLOCK", block)
    assert torch.equal(nms_mask(boxes, groups, 0.3), expected[0])
    assert torch.equal(nms_mask(boxes.expand(2, -1, -1), None, 0.3), expected[1])


@pytest.mark.parametrize("room", [1, 500, 1 << 20])
def test_rows_of_different_lengths_equal_one_after_the_other(monkeypatch, room):
    monkeypatch.setattr("yowo.boxes.nms.ROOM", room)
    boxes = torch.stack([crowd(30, seed)[0] for seed in range(5)])
    valid = torch.arange(30) < torch.tensor([[30], [0], [4], [17], [1]])
    valid[0, 3] = valid[3, 0] = False
    kept = nms_rows(boxes, 0.3, valid)
    assert torch.equal(kept, torch.stack([nms_mask(b, None, 0.3, v) for b, v in zip(boxes, valid, strict=True)]))
    assert 5 < kept.sum() < valid.sum()


def test_no_rows_at_all():
    assert nms_rows(torch.zeros(0, 3, 4), 0.5, torch.zeros(0, 3, dtype=torch.bool)).shape == (0, 3)
    assert nms_rows(torch.zeros(2, 0, 4), 0.5, torch.zeros(2, 0, dtype=torch.bool)).shape == (2, 0)
