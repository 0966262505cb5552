import pytest
import torch

from tests.reference.assigner_reference import assign
from yowo.boxes.anchors import grid_anchors
from yowo.losses.assigners import AnchorIoUAssigner

ANCHORS = [[22.0, 38.0], [40.0, 81.0], [51.0, 130.0], [73.0, 158.0], [112.0, 189.0]]


def raw_output(batch, size, anchors=ANCHORS):
    grid = grid_anchors(torch.tensor(anchors), size)
    m = len(grid)
    return {
        "conf": torch.zeros(batch, m, 1),
        "cls": torch.zeros(batch, m, 4),
        "boxes": torch.zeros(batch, m, 4),
        "deltas": torch.zeros(batch, m, 4),
        "anchors": grid,
        "image_size": size,
    }


def target(boxes, labels):
    return {"boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels)}


def random_targets(batch, most, seed):
    generator = torch.Generator().manual_seed(seed)
    targets = []
    for _ in range(batch):
        n = int(torch.randint(0, most + 1, (), generator=generator))
        centre, size = torch.rand(n, 2, generator=generator), torch.rand(n, 2, generator=generator) * 0.9
        boxes = torch.cat([centre - size / 2, centre + size / 2], dim=1)
        targets.append({"boxes": boxes, "labels": torch.randint(0, 4, (n,), generator=generator)})
    return targets


@pytest.mark.parametrize("size", [(224, 224), (96, 160)])
@pytest.mark.parametrize("seed", range(5))
def test_equals_the_rule_written_out_box_by_box(size, seed):
    targets = random_targets(4, 12, seed)
    found = AnchorIoUAssigner()(raw_output(4, size), targets)
    expected = assign([(t["boxes"].tolist(), t["labels"].tolist()) for t in targets], ANCHORS, size)
    assert list(zip(found.clip.tolist(), found.prediction.tolist(), strict=True)) == sorted(expected)
    for i, key in enumerate(sorted(expected)):
        box, label = expected[key]
        assert found.boxes_xyxy[i].tolist() == pytest.approx(box, abs=1e-4)
        assert found.labels[i].item() == label


def test_a_box_like_no_anchor_gets_the_best_one():
    found = AnchorIoUAssigner()(raw_output(1, (224, 224)), [target([[0.5, 0.5, 0.52, 0.52]], [1])])
    assert found.prediction.tolist() == [(3 * 7 + 3) * 5]


def test_the_later_of_two_boxes_in_one_place_wins():
    box = [0.4, 0.3, 0.6, 0.7]
    found = AnchorIoUAssigner()(raw_output(1, (224, 224)), [target([box, box], [1, 2])])
    assert set(found.labels.tolist()) == {2}


def test_boxes_under_a_pixel_and_empty_clips_give_no_positive():
    targets = [target([[0.5, 0.5, 0.503, 0.9]], [0]), target([], [])]
    assert len(AnchorIoUAssigner()(raw_output(2, (224, 224)), targets).clip) == 0


def test_multi_hot_labels_travel_with_their_box():
    hot = torch.tensor([[1.0, 0, 1, 0]])
    found = AnchorIoUAssigner()(
        raw_output(2, (224, 224)),
        [
            {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, 4)},
            {"boxes": torch.tensor([[0.4, 0.3, 0.6, 0.7]]), "labels": hot},
        ],
    )
    assert (found.clip == 1).all()
    assert torch.equal(found.labels, hot.expand(len(found.clip), 4))
