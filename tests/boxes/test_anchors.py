import torch

from yowo.boxes.anchors import decode_boxes, grid_anchors


def test_grid_runs_by_row_column_and_anchor():
    grid = grid_anchors(torch.tensor([[10.0, 20.0], [30.0, 40.0]]), (64, 96))
    assert grid.shape == (2 * 3 * 2, 4)
    assert grid[0].tolist() == [0, 0, 10, 20]
    assert grid[1].tolist() == [0, 0, 30, 40]
    assert grid[2].tolist() == [32, 0, 10, 20]
    assert grid[6].tolist() == [0, 32, 10, 20]


def test_zero_deltas_give_the_anchor_in_the_middle_of_its_cell():
    grid = grid_anchors(torch.tensor([[10.0, 20.0]]), (64, 64))
    boxes = decode_boxes(torch.zeros(1, 4, 4), grid)
    assert boxes[0, 3].tolist() == [48 - 5, 48 - 10, 48 + 5, 48 + 10]


def test_sizes_grow_by_the_exponential_and_centres_stay_in_their_cell():
    grid = grid_anchors(torch.tensor([[10.0, 10.0]]), (32, 32))
    box = decode_boxes(torch.tensor([[50.0, -50.0, 2.0, 0.0]]), grid)[0]
    assert torch.allclose((box[:2] + box[2:]) / 2, torch.tensor([32.0, 0.0]))
    assert torch.allclose(box[2] - box[0], torch.tensor(10.0) * torch.tensor(2.0).exp())
