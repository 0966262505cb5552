import pytest
import torch

from yowo.boxes.anchors import grid_anchors, grid_points, make_levels
from yowo.errors import ConfigError, YowoError
from yowo.losses.uniform import UniformAssigner

SIZE = (96, 96)


def raw(sides=(32.0, 64.0), batch=1, far=True):
    """Raw output on 3 x 3 cells whose predicted boxes are far from everything, or equal to the anchors."""
    levels = make_levels(SIZE, (32,), [len(sides)])
    points, strides = grid_points(levels, None)
    anchors = grid_anchors([torch.tensor([[side, side] for side in sides])], levels)
    boxes = torch.cat([points - anchors[:, 2:] / 2, points + anchors[:, 2:] / 2], dim=1)
    boxes = boxes + 1000 if far else boxes
    given = {"cls": torch.zeros(batch, len(points), 3), "boxes": boxes.expand(batch, -1, -1), "anchors": anchors}
    return {**given, "points": points, "strides": strides, "levels": levels, "image_size": SIZE}


def target(*boxes, labels=None):
    labels = torch.arange(len(boxes)) if labels is None else labels
    return {"boxes": torch.tensor(boxes).reshape(-1, 4) / 96, "labels": labels}


def place(row, column, anchor, anchors=2):
    return (row * 3 + column) * anchors + anchor


MIDDLE = (33.0, 34.0, 63.0, 65.0)
"""Nearly the small anchor of the middle cell."""


def test_the_nearest_anchors_are_positive_and_those_that_overlap_little_are_left_out():
    found = UniformAssigner(top_k=2)(raw(), [target(MIDDLE)])
    assert found.prediction.tolist() == [place(1, 1, 0)]
    left_out = found.ignored[0].nonzero().flatten().tolist()
    assert place(1, 1, 0) not in left_out and len(left_out) >= 1


def test_predictions_and_anchors_are_matched_rank_by_rank_and_each_match_trains_its_box():
    given = raw(far=False)
    found = UniformAssigner(top_k=1)(given, [target(MIDDLE)])
    assert found.prediction.tolist() == [place(1, 1, 0)]
    assert found.box_rows.prediction.tolist() == [place(1, 1, 0)] * 2


def test_of_several_boxes_the_last_match_decides_the_class():
    given = raw()
    one, other = (30.0, 31.0, 62.0, 66.0), MIDDLE
    for boxes in ((one, other), (other, one)):
        found = UniformAssigner(top_k=1)(given, [target(*boxes)])
        row = found.prediction.tolist().index(place(1, 1, 0))
        assert found.labels[row] == 1
        torch.testing.assert_close(found.boxes_xyxy[row], torch.tensor(boxes[1]))
    assert found.box_rows.prediction.tolist().count(place(1, 1, 0)) == 2


def test_predictions_that_lie_on_a_box_are_ignored_unless_they_are_matched():
    given = raw(sides=(30.0, 32.0, 34.0), far=False)
    near = {place(1, 1, anchor, 3) for anchor in range(3)}
    found = UniformAssigner(top_k=1)(given, [target((32.0, 32.0, 64.0, 64.0))])
    assert set(found.prediction.tolist()) == {place(1, 1, 1, 3)}
    assert set(found.ignored[0].nonzero().flatten().tolist()) == near - {place(1, 1, 1, 3)}
    found = UniformAssigner(top_k=1, ignore_threshold=None)(given, [target((32.0, 32.0, 64.0, 64.0))])
    assert not found.ignored.any()


def test_a_tiny_or_empty_box_trains_nothing_and_silences_its_anchors():
    for box in ((47.0, 47.0, 50.0, 50.0), (47.0, 47.0, 47.0, 47.0)):
        found = UniformAssigner()(raw(), [target(box)])
        assert not len(found.clip) and not len(found.box_rows.clip) and found.ignored[0, place(1, 1, 0)]


def test_clips_keep_their_boxes_apart():
    empty = target(labels=torch.zeros(0, dtype=torch.int64))
    found = UniformAssigner(top_k=1)(raw(batch=3), [empty, target(MIDDLE), empty])
    assert found.clip.tolist() == [1] and not found.ignored[[0, 2]].any()


def test_a_person_without_a_label_is_background():
    labels = torch.tensor([[0.0, 0.0, 0.0]])
    found = UniformAssigner(top_k=1)(raw(), [target(MIDDLE, labels=labels)])
    assert not len(found.clip) and not found.ignored[0, place(1, 1, 0)] and len(found.box_rows.clip) == 1


def test_swapped_corners_are_refused():
    with pytest.raises(
        YowoError, match=r"clip 1 of the batch: expected boxes with x1 <= x2, .* \[63.0, 34.0, 33.0, 65.0\]"
    ):
        UniformAssigner()(raw(batch=2), [target(MIDDLE), target((63.0, 34.0, 33.0, 65.0))])


def test_a_network_without_anchors_is_refused():
    given = raw()
    del given["anchors"]
    with pytest.raises(ConfigError, match="assigner=uniform: it compares boxes with anchors"):
        UniformAssigner()(given, [target(MIDDLE)])
