import pytest
import torch

from yowo.models.sigmoid_scores import SigmoidScores

SIZE = (100, 200)


def raw(cls, boxes):
    """Raw output of one clip from logits [M, C] and boxes in pixels."""
    return {"cls": torch.tensor([cls]), "boxes": torch.tensor([boxes]), "image_size": SIZE}


APART = [[0.0, 0.0, 20.0, 50.0], [100.0, 50.0, 220.0, 90.0], [0.0, 0.0, 20.0, 45.0]]
"""The first and the last overlap by 0.9; the second is partly outside the picture."""


def test_the_best_pairs_of_box_and_class_are_taken_before_suppression():
    given = raw([[2.0, 1.0], [0.0, -1.0], [1.5, 0.5]], APART)
    (found,) = SigmoidScores(2, top_k=3)(given)
    assert found["labels"].tolist() == [0, 1] and found["scores"].tolist() == pytest.approx([0.8808, 0.7311], abs=1e-4)
    (found,) = SigmoidScores(2, top_k=None)(given)
    assert found["labels"].tolist() == [0, 1, 0, 1]


def test_never_more_pairs_are_taken_than_there_are_boxes():
    given = raw([[2.0, 1.0], [0.5, 0.4]], APART[:2])
    (found,) = SigmoidScores(2)(given)
    assert found["labels"].tolist() == [0, 1]
    torch.testing.assert_close(found["boxes"], torch.tensor([[0.0, 0.0, 0.1, 0.5]] * 2))
    assert len(SigmoidScores(2, top_k=None)(given)[0]["labels"]) == 4


def test_boxes_are_fractions_clipped_to_the_picture():
    (found,) = SigmoidScores(2)(raw([[-9.0, -9.0], [3.0, -9.0], [-9.0, -9.0]], APART))
    torch.testing.assert_close(found["boxes"], torch.tensor([[0.5, 0.5, 1.0, 0.9]]))


def test_classes_suppress_each_other_only_where_a_person_has_one_box():
    given = raw([[2.0, 1.0], [-9.0, -9.0], [1.5, 1.8]], APART)
    (found,) = SigmoidScores(2)(given)
    assert found["labels"].tolist() == [0, 1]
    (found,) = SigmoidScores(2, class_agnostic_nms=True)(given)
    assert found["labels"].tolist() == [0]


def test_multi_hot_boxes_go_by_their_best_class_and_keep_all_scores():
    given = raw([[2.0, 1.0, -9.0], [0.0, -1.0, -1.0], [-9.0, 2.5, -9.0]], APART)
    (found,) = SigmoidScores(0, score_threshold=0.1)(given)
    torch.testing.assert_close(found["confidence"], torch.tensor([2.5, 0.0]).sigmoid())
    torch.testing.assert_close(found["scores"], torch.tensor([[-9.0, 2.5, -9.0], [0.0, -1.0, -1.0]]).sigmoid())
    (found,) = SigmoidScores(0, score_threshold=0.6, max_detections=1)(given)
    assert len(found["boxes"]) == 1


def test_a_score_at_the_threshold_and_no_prediction_are_not_reported():
    (found,) = SigmoidScores(2, score_threshold=0.5)(raw([[0.0, -1.0]], APART[:1]))
    assert len(found["boxes"]) == 0
    nothing = {"cls": torch.zeros(0, 4, 2), "boxes": torch.zeros(0, 4, 4), "image_size": SIZE}
    assert SigmoidScores(2)(nothing) == []
