import pytest
import torch

from tests.losses.test_assigners import ANCHORS, TWO_LEVELS, raw_output_of_levels
from yowo.boxes.anchors import grid_points, make_levels
from yowo.errors import ConfigError
from yowo.losses.candidates import candidate_shapes, find_candidates, flatten_targets


def test_candidates_are_the_predictions_whose_cell_contains_the_middle_of_the_box():
    levels = make_levels((64, 96), [8, 32], [1, 2])
    points, strides = grid_points(levels)
    low = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([100.0, 70]) - 4
    boxes = torch.cat([low, low + 6], dim=1)
    found = find_candidates(boxes, levels)
    middle = low + 3
    holds = ((middle[:, None] - points).abs() <= strides[:, None] / 2).all(dim=2)
    on_picture = ((middle >= 0) & (middle < torch.tensor([96.0, 64]))).all(dim=1)
    assert on_picture.any() and not on_picture.all()
    assert torch.equal(found.inside, on_picture[:, None].expand(-1, 3))
    for box in on_picture.nonzero().flatten():
        assert found.prediction[box].tolist() == holds[box].nonzero().flatten().tolist()
    assert not found.prediction[~on_picture].any()


def test_the_candidates_anchors_are_those_of_all_levels():
    shapes = candidate_shapes(raw_output_of_levels(1, (64, 64), [16, 32], TWO_LEVELS))
    assert shapes.dtype == torch.float64 and shapes.tolist() == ANCHORS


def test_a_network_without_anchors_has_no_shapes():
    raw = raw_output_of_levels(1, (64, 64), [16, 32], TWO_LEVELS)
    del raw["anchors"]
    with pytest.raises(ConfigError, match=r"assigner: .*this network has none"):
        candidate_shapes(raw)


def test_targets_are_joined_in_pixels_without_small_boxes():
    targets = [
        {"boxes": torch.tensor([[0.0, 0, 0.5, 0.5], [0.5, 0.5, 0.505, 0.9]]), "labels": torch.tensor([3, 4])},
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)},
        {"boxes": torch.tensor([[0.25, 0.5, 0.75, 1.0], [0.0, 0, 1, 1]]), "labels": torch.tensor([5, 6])},
    ]
    flat = flatten_targets(targets, (64, 100), torch.device("cpu"))
    assert flat.clip.tolist() == [0, 2, 2] and flat.labels.tolist() == [3, 5, 6]
    assert flat.boxes_xyxy.tolist() == [[0, 0, 50, 32], [25, 32, 75, 64], [0, 0, 100, 64]]
    first = flatten_targets(targets, (64, 100), torch.device("cpu"), min_side=0.0, max_boxes=1)
    assert first.labels.tolist() == [3, 5]
