import numpy as np
import torch
from PIL import Image

from yowo.inference.drawing import (
    class_colour,
    contact_sheet,
    draw_boxes,
    draw_truth_and_detections,
    enlarged,
    save_picture,
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


def test_classes_have_different_colours():
    assert len({class_colour(i) for i in range(80)}) == 80


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
