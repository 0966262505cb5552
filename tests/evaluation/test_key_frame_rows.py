import pytest
import torch

from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.key_frame_rows import detection_rows, target_rows

BOX = torch.tensor([[0.0, 0.0, 0.5, 0.5]])


def test_half_precision_becomes_single():
    rows = detection_rows(
        {"boxes": BOX.half(), "scores": torch.tensor([0.5]).half(), "labels": torch.tensor([1])}, 2, "k"
    )
    assert rows.boxes_norm.dtype == rows.scores.dtype == torch.float32


def test_scores_of_all_classes_make_a_row_of_each_box_and_class():
    boxes = torch.cat([BOX, BOX / 2])
    rows = detection_rows({"boxes": boxes, "scores": torch.tensor([[0.1, 0.2], [0.3, 0.4]])}, 2, "k")
    assert rows.labels.tolist() == [0, 1, 0, 1]
    assert rows.scores.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert torch.equal(rows.boxes_norm, boxes[[0, 0, 1, 1]])


def test_multi_hot_labels_make_a_row_of_each_box_and_its_classes():
    boxes = torch.cat([BOX, BOX / 2])
    rows = target_rows({"boxes": boxes, "labels": torch.tensor([[1.0, 0, 1], [0, 0, 0]])}, 3, "k")
    assert rows.labels.tolist() == [0, 2]
    assert torch.equal(rows.boxes_norm, boxes[[0, 0]])


def test_a_key_frame_without_boxes_has_no_rows():
    nothing = torch.zeros(0, 4)
    assert (
        len(detection_rows({"boxes": nothing, "scores": torch.zeros(0), "labels": torch.zeros(0)}, 2, "k").labels) == 0
    )
    assert len(detection_rows({"boxes": nothing, "scores": torch.zeros(0, 2)}, 2, "k").labels) == 0
    assert len(target_rows({"boxes": nothing, "labels": torch.zeros(0, 2)}, 2, "k").labels) == 0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_by_name_of_the_key_frame(number):
    good, label, bad = torch.tensor([0.5]), torch.tensor([0]), torch.full((1, 4), number)
    with pytest.raises(YowoError, match="key frame 7: a detection has a NaN or infinite box or score"):
        detection_rows({"boxes": bad, "scores": good, "labels": label}, 1, "key frame 7")
    with pytest.raises(YowoError, match="key frame 7: a detection has a NaN or infinite box or score"):
        detection_rows({"boxes": BOX, "scores": good * number, "labels": label}, 1, "key frame 7")
    with pytest.raises(AnnotationError, match="key frame 7: a ground-truth box is NaN or infinite"):
        target_rows({"boxes": bad, "labels": label}, 1, "key frame 7")


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_the_classes_is_refused(label):
    labels = torch.tensor([label])
    with pytest.raises(AnnotationError, match=f"key frame 7: a ground-truth box has label {label}; expected 0 to 2"):
        target_rows({"boxes": BOX, "labels": labels}, 3, "key frame 7")
    with pytest.raises(YowoError, match=f"key frame 7: a detection has label {label}; expected 0 to 2"):
        detection_rows({"boxes": BOX, "scores": torch.tensor([0.5]), "labels": labels}, 3, "key frame 7")


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(YowoError, match=r"k: expected scores of shape \[1\], as boxes are, got \[2\]"):
        detection_rows({"boxes": BOX, "scores": torch.zeros(2), "labels": torch.zeros(1)}, 3, "k")
    with pytest.raises(YowoError, match=r"k: expected labels of shape \[1\], as boxes are, got \[2\]"):
        detection_rows({"boxes": BOX, "scores": torch.zeros(1), "labels": torch.zeros(2)}, 3, "k")
    with pytest.raises(YowoError, match=r"k: expected scores of shape \[1, 3\], as boxes are, got \[1, 4\]"):
        detection_rows({"boxes": BOX, "scores": torch.zeros(1, 4)}, 3, "k")
    with pytest.raises(YowoError, match=r"k: expected target labels of shape \[1, 3\], as boxes are, got \[1, 4\]"):
        target_rows({"boxes": BOX, "labels": torch.zeros(1, 4)}, 3, "k")
