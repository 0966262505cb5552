import torch

from yowo.boxes.anchors import decode_boxes, grid_anchors, grid_points, make_levels


def one_level(anchors, size, stride=32):
    """Anchors and strides of every prediction of one level."""
    levels = make_levels(size, [stride], [len(anchors)])
    return grid_anchors([torch.tensor(anchors)], levels), grid_points(levels)[1]


def test_levels_cover_the_picture_with_their_own_strides():
    levels = make_levels((64, 96), [8, 32], [1, 5])
    assert levels == ((8, 8, 12, 1), (32, 2, 3, 5))
    assert [level.predictions for level in levels] == [96, 30]


def test_points_are_the_middles_of_cells_by_level_row_column_and_anchor():
    points, strides = grid_points(make_levels((32, 64), [16, 32], [1, 2]))
    fine = [[8, 8], [24, 8], [40, 8], [56, 8], [8, 24], [24, 24], [40, 24], [56, 24]]
    assert points.tolist() == [*fine, [16, 16], [16, 16], [48, 16], [48, 16]]
    assert strides.tolist() == [16] * 8 + [32] * 4


def test_every_level_has_its_own_anchors():
    levels = make_levels((32, 32), [16, 32], [1, 2])
    grid = grid_anchors([torch.tensor([[4.0, 6.0]]), torch.tensor([[10.0, 20.0], [30.0, 40.0]])], levels)
    fine = [[0, 0, 4, 6], [16, 0, 4, 6], [0, 16, 4, 6], [16, 16, 4, 6]]
    assert grid.tolist() == [*fine, [0, 0, 10, 20], [0, 0, 30, 40]]


def test_boxes_are_decoded_with_the_stride_of_their_level():
    levels = make_levels((32, 32), [16, 32], [1, 1])
    grid = grid_anchors([torch.tensor([[4.0, 4.0]]), torch.tensor([[20.0, 10.0]])], levels)
    boxes = decode_boxes(torch.zeros(2, 5, 4), grid, grid_points(levels)[1])
    assert boxes[1].tolist()[3:] == [[22, 22, 26, 26], [6, 11, 26, 21]]


def test_grid_runs_by_row_column_and_anchor():
    grid, _ = one_level([[10.0, 20.0], [30.0, 40.0]], (64, 96))
    assert grid.shape == (2 * 3 * 2, 4)
    assert grid[0].tolist() == [0, 0, 10, 20]
    assert grid[1].tolist() == [0, 0, 30, 40]
    assert grid[2].tolist() == [32, 0, 10, 20]
    assert grid[6].tolist() == [0, 32, 10, 20]


def test_zero_deltas_give_the_anchor_in_the_middle_of_its_cell():
    boxes = decode_boxes(torch.zeros(1, 4, 4), *one_level([[10.0, 20.0]], (64, 64)))
    assert boxes[0, 3].tolist() == [48 - 5, 48 - 10, 48 + 5, 48 + 10]


def test_sizes_grow_by_the_exponential_and_centres_stay_in_their_cell():
    box = decode_boxes(torch.tensor([[50.0, -50.0, 2.0, 0.0]]), *one_level([[10.0, 10.0]], (32, 32)))[0]
    assert torch.allclose((box[:2] + box[2:]) / 2, torch.tensor([32.0, 0.0]))
    assert torch.allclose(box[2] - box[0], torch.tensor(10.0) * torch.tensor(2.0).exp())
