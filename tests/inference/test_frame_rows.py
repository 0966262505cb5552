import numpy as np
import pytest
import torch

from yowo.errors import YowoError
from yowo.inference.frame_rows import as_detections, frame_rows

BOXES = torch.tensor([[0.1, 0.2, 0.5, 0.9], [0.0, 0.0, 1.0, 1.0]])
ONE_HOT = {"boxes": BOXES, "scores": torch.tensor([0.9, 0.2]), "labels": torch.tensor([3, 0])}
MULTI_HOT = {"boxes": BOXES, "scores": torch.tensor([[0.9, 0.0, 0.6], [0.1, 0.5, 0.2]]), "confidence": torch.ones(2)}


def test_rows_are_in_pixels_and_from_the_threshold_on():
    rows = frame_rows(ONE_HOT, (200, 100), 0.2, "v, frame 0")
    np.testing.assert_allclose(rows.boxes_xyxy, [[20, 20, 100, 90], [0, 0, 200, 100]], rtol=1e-6)
    assert rows.labels.tolist() == [3, 0] and rows.owners.tolist() == [0, 1]
    assert frame_rows(ONE_HOT, (200, 100), 0.3, "v, frame 0").labels.tolist() == [3]


def test_a_box_of_several_classes_has_a_row_for_each():
    rows = frame_rows(MULTI_HOT, (200, 100), 0.5, "v, frame 0")
    assert (rows.owners.tolist(), rows.labels.tolist()) == ([0, 0, 1], [0, 2, 1])
    np.testing.assert_allclose(rows.scores, [0.9, 0.6, 0.5])
    assert rows.boxes_xyxy.dtype == rows.scores.dtype == np.float32 and rows.labels.dtype == np.int64


def test_rows_of_nothing_are_empty():
    nothing = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0).long()}
    rows = frame_rows(nothing, (200, 100), 0.5, "v, frame 0")
    assert rows.boxes_xyxy.shape == (0, 4) and len(rows.scores) == 0
    assert as_detections(rows, (200, 100), None)["boxes"].shape == (0, 4)
    assert as_detections(rows, (200, 100), 5)["scores"].shape == (0, 5)


@pytest.mark.parametrize("found", [ONE_HOT, MULTI_HOT])
def test_numbers_that_are_none_are_told_with_the_frame(found):
    broken = {**found, "scores": found["scores"] * float("nan")}
    with pytest.raises(YowoError, match=r"^match, frame 7: a detection has a NaN or infinite box or score"):
        frame_rows(broken, (200, 100), 0.5, "match, frame 7")


@pytest.mark.parametrize(("found", "classes"), [(ONE_HOT, None), (MULTI_HOT, 3)])
def test_rows_become_the_detections_again(found, classes):
    again = as_detections(frame_rows(found, (200, 100), 0.0, "v"), (200, 100), classes)
    assert torch.allclose(again["boxes"], found["boxes"]) and torch.allclose(again["scores"], found["scores"])
    assert classes is not None or torch.equal(again["labels"], found["labels"])
