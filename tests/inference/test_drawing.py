import numpy as np
import torch
from PIL import Image

from yowo.contracts import Tube
from yowo.inference.colours import class_colour, identity_colour
from yowo.inference.drawing import (
    contact_sheet,
    draw_boxes,
    draw_truth_and_detections,
    draw_tubes,
    enlarged,
    save_picture,
    tube_legend,
)

NAMES = ["stand", "run", "a very long name of an action that fills the whole picture"]


def frame(height=240, width=320):
    return np.full((height, width, 3), 90, dtype=np.uint8)


def test_a_box_has_the_colour_of_its_class_and_the_frame_is_not_changed():
    plain = frame()
    picture = draw_boxes(plain, torch.tensor([[0.25, 0.5, 0.75, 0.9]]), torch.tensor([1]), NAMES, scale=1)
    assert picture.shape == plain.shape and (plain == 90).all()
    assert tuple(picture[int(0.7 * 239), 80]) == class_colour(1)
    assert (picture[200, 160] == 90).all()


def test_small_frames_are_enlarged_and_large_ones_are_not():
    assert enlarged(frame(120, 160)).size == (480, 360)
    assert enlarged(frame(720, 1280)).size == (1280, 720)
    assert draw_boxes(frame(120, 160), torch.zeros(0, 4), torch.zeros(0), NAMES).shape == (360, 480, 3)


def test_labels_stay_inside_the_picture():
    boxes = torch.tensor([[0.9, 0.0, 1.0, 0.1], [0.0, 0.95, 0.1, 1.0], [-0.5, 0.3, 2.0, 0.6]])
    picture = draw_boxes(frame(), boxes, torch.tensor([2, 2, 0]), NAMES, torch.tensor([0.9, 0.5, 0.1]))
    assert (picture[0] != 90).any() and (picture[-1] != 90).any()


def test_the_strongest_of_several_actions_are_named():
    scores = torch.tensor([[0.1, 0.9, 0.0]])
    one = draw_boxes(frame(), torch.tensor([[0.2, 0.5, 0.8, 0.9]]), scores, NAMES, scores, scale=1)
    assert tuple(one[int(0.8 * 239), int(0.2 * 319)]) == class_colour(1)


def test_truth_is_white_and_dashed_beside_the_detections():
    truth = {"boxes": torch.tensor([[0.1, 0.3, 0.4, 0.8]]), "labels": torch.tensor([0])}
    found = {"boxes": torch.tensor([[0.5, 0.3, 0.9, 0.8]]), "scores": torch.tensor([0.5]), "labels": torch.tensor([1])}
    picture = draw_truth_and_detections(frame(), truth, found, NAMES, scale=1)
    edge = picture[int(0.3 * 239) + 4 : int(0.8 * 239) - 4, int(0.1 * 319)]
    white = (edge == 255).all(axis=1)
    assert 0.2 < white.mean() < 0.9
    assert tuple(picture[120, int(0.5 * 319)]) == class_colour(1)


def test_a_sheet_holds_every_picture_and_its_caption():
    pictures = [frame(60, 80) + i for i in range(5)]
    sheet = contact_sheet(pictures, [f"frame {i}" for i in range(5)], columns=3)
    for i in range(5):
        assert (sheet == 90 + i).all(axis=2).sum() >= 60 * 80
    assert sheet.shape[0] > 120 and sheet.shape[1] > 240


def test_a_saved_picture_is_whole_and_alone(tmp_path):
    save_picture(tmp_path / "new" / "p.png", frame())
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["p.png"]
    assert Image.open(tmp_path / "new" / "p.png").size == (320, 240)


def tube(start=10, length=30):
    """A box of 40 x 40 pixels that moves from left to right by 4 pixels a frame."""
    x = 20 + 4 * np.arange(length, dtype=np.float32)
    return Tube(1, start, np.stack([x, np.full_like(x, 100), x + 40, np.full_like(x, 140)], axis=1))


def has_colour(picture, colour):
    return (picture == colour).all(axis=2)


def test_a_tube_has_a_box_in_its_own_colour_and_the_way_it_came():
    plain = frame()
    picture = draw_tubes(plain, [tube()], position=30, names=NAMES, scale=1)
    assert (plain == 90).all()
    shown = has_colour(picture, identity_colour(1))
    assert shown[135, 20 + 4 * 20] and not shown[135, 20 + 4 * 10]
    trail = shown[120, : 20 + 4 * 20]  # from the first centre to the left side of the box
    assert trail[45:].mean() > 0.8 and not trail[:35].any()


def test_tubes_are_told_apart_by_colour_and_absent_before_and_after():
    both = draw_tubes(frame(), [tube(), tube(start=12)], 30, NAMES, scale=1)
    assert has_colour(both, identity_colour(1)).any() and has_colour(both, identity_colour(2)).any()
    for position in (9, 40):
        assert (draw_tubes(frame(), [tube()], position, NAMES, scale=1) == 90).all()


def test_tubes_are_drawn_on_an_enlarged_frame_in_its_pixels():
    picture = draw_tubes(frame(), [tube()], 30, NAMES, scale=2)
    assert picture.shape == (480, 640, 3)
    assert has_colour(picture, identity_colour(1))[270, 2 * (20 + 4 * 20)]


def test_the_legend_fits_its_width():
    assert tube_legend(512, 13).shape == (26, 512, 3)
    narrow = tube_legend(260, 13)
    assert narrow.shape[1] == 260 and (narrow[:, -8:] == narrow[0, 0]).all()
