import torch

from yowo.models.pair_scores import PairScores

SIZE = (64, 128)
NEAR = [[0.0, 0, 64, 32], [2, 0, 64, 32], [64, 32, 128, 64]]
"""Two boxes of one person, and one of another, in pixels."""


def raw_of(scores, boxes=NEAR):
    probabilities = torch.tensor([scores], dtype=torch.float32)
    return {"cls": probabilities.logit(), "boxes": torch.tensor([boxes], dtype=torch.float32), "image_size": SIZE}


def rows(found):
    return [
        (round(s, 4), label, [round(x, 4) for x in box])
        for s, label, box in zip(
            found["scores"].tolist(), found["labels"].tolist(), found["boxes"].tolist(), strict=True
        )
    ]


def test_every_pair_above_the_threshold_is_a_candidate_and_classes_are_suppressed_by_themselves():
    raw = raw_of([[0.6, 0.3], [0.5, 0.4], [0.004, 0.9]])
    found = rows(PairScores(2)(raw)[0])
    first, second, third = [0, 0, 0.5, 0.5], [0.0156, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]
    assert found == [(0.9, 1, third), (0.6, 0, first), (0.4, 1, second)]


def test_limits_apply_to_pairs_before_and_after_suppression():
    raw = raw_of([[0.6, 0.3], [0.5, 0.4], [0.1, 0.9]])
    assert [score for score, *_ in rows(PairScores(2, top_k=2)(raw)[0])] == [0.9, 0.6]
    assert [score for score, *_ in rows(PairScores(2, max_detections=1)(raw)[0])] == [0.9]
    assert [score for score, *_ in rows(PairScores(2, nms_threshold=1.0, score_threshold=0.35)(raw)[0])] == [
        0.9,
        0.6,
        0.5,
        0.4,
    ]


def test_boxes_are_not_clipped_to_the_picture():
    found = PairScores(1)(raw_of([[0.9]], [[-32.0, 0, 256, 32]]))[0]
    assert found["boxes"].tolist() == [[-0.25, 0, 2, 0.5]]


def test_a_person_has_one_box_with_its_best_class_where_detections_are_shown():
    raw = raw_of([[0.6, 0.7], [0.5, 0.4], [0.1, 0.9]])
    found = rows(PairScores(2, class_agnostic_nms=True)(raw)[0])
    assert [(score, label) for score, label, _ in found] == [(0.9, 1), (0.7, 1)]


def test_several_actions_are_one_row_with_zeros_for_pairs_that_are_gone():
    raw = raw_of([[0.6, 0.3], [0.5, 0.4], [0.004, 0.9]])
    found = PairScores(0)(raw)[0]
    expected = torch.tensor([[0, 0.9], [0.6, 0], [0, 0.4]])
    assert torch.allclose(found["scores"], expected, atol=1e-6) and "labels" not in found
    assert torch.allclose(found["confidence"], torch.tensor([0.9, 0.6, 0.4]))
    assert torch.allclose(found["boxes"][1], torch.tensor([0, 0, 0.5, 0.5]))


def test_several_actions_of_a_person_share_one_box_where_they_are_shown():
    raw = raw_of([[0.6, 0.3], [0.5, 0.4], [0.004, 0.9]])
    found = PairScores(0, class_agnostic_nms=True, score_threshold=0.2)(raw)[0]
    assert torch.allclose(found["scores"], torch.tensor([[0, 0.9], [0.6, 0.3]]), atol=1e-6)


def test_nothing_above_the_threshold_gives_empty_detections():
    for exclusive, shape in ((2, (0,)), (0, (0, 2))):
        found = PairScores(exclusive)(raw_of([[0.001, 0.001]] * 3))[0]
        assert found["boxes"].shape == (0, 4) and found["scores"].shape == shape
