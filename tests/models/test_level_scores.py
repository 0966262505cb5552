import pytest
import torch

from tests.point_cases import SIZE, raw_of
from tests.reference.nms_reference import greedy_nms
from yowo.models.level_scores import LevelScores

LEVELS = (96, 24, 6)


def expected(raw, clip, top_k, threshold=0.3, overlap=0.3):
    """Pairs (box, class) that are found in a clip, by a slow reading of the rule."""
    scores = (raw["conf"][clip].sigmoid() * raw["cls"][clip].sigmoid()).sqrt()
    pairs, start = [], 0
    for size in LEVELS:
        part = [(scores[row, c].item(), row, c) for row in range(start, start + size) for c in range(scores.shape[1])]
        pairs += sorted(part, reverse=True)[: min(top_k, size)]
        start += size
    pairs = sorted((pair for pair in pairs if pair[0] > threshold), reverse=True)
    kept = greedy_nms(raw["boxes"][clip][[p[1] for p in pairs]], torch.tensor([p[2] for p in pairs]), overlap)
    return [(row, c) for (_, row, c), keep in zip(pairs, kept.tolist(), strict=True) if keep]


@pytest.mark.parametrize("top_k", [10, 40])
def test_one_hot_the_best_of_each_level_are_suppressed_class_by_class(top_k):
    raw = raw_of()
    found = LevelScores(3, 0.3, 0.3, top_k)(raw)
    boxes = raw["boxes"] / torch.tensor([SIZE[1], SIZE[0]] * 2)
    for clip, one in enumerate(found):
        pairs = expected(raw, clip, top_k)
        assert one["labels"].tolist() == [c for _, c in pairs]
        assert torch.equal(one["boxes"], boxes[clip][[row for row, _ in pairs]].clamp(0, 1))
        assert (one["scores"].diff() <= 0).all() and len(pairs) > 10


def test_without_a_limit_every_pair_above_the_threshold_takes_part():
    raw = raw_of(clips=1)
    found = LevelScores(3, 0.3, 1.0, None)(raw)[0]
    assert len(found["scores"]) == ((raw["conf"].sigmoid() * raw["cls"].sigmoid()).sqrt() > 0.3).sum()


def test_multi_hot_boxes_are_taken_and_suppressed_by_confidence():
    raw = raw_of(clips=1)
    found = LevelScores(1, 0.4, 0.3, 10)(raw)[0]
    confidence = raw["conf"][0, :, 0].sigmoid()
    rows, start = [], 0
    for size in LEVELS:
        rows += sorted(range(start, start + size), key=lambda row: -confidence[row])[: min(10, size)]
        start += size
    rows = sorted((row for row in rows if confidence[row] > 0.4), key=lambda row: -confidence[row])
    rows = torch.tensor(rows)[greedy_nms(raw["boxes"][0][rows], None, 0.3)]
    assert torch.equal(found["confidence"], confidence[rows])
    assert torch.equal(found["scores"], (confidence[:, None] * raw["cls"][0].sigmoid()).sqrt()[rows])
    assert "labels" not in found


def test_one_box_a_person_with_its_best_class():
    raw = raw_of(clips=1)
    found = LevelScores(3, 0.0, 1.0, None, class_agnostic_nms=True)(raw)[0]
    assert len(found["labels"]) == sum(LEVELS)
    some = LevelScores(3, 0.3, 0.2, None, class_agnostic_nms=True)(raw)[0]
    scores = (raw["conf"][0].sigmoid() * raw["cls"][0].sigmoid()).sqrt().amax(1)
    rows = [row for row in scores.argsort(descending=True).tolist() if scores[row] > 0.3]
    assert torch.equal(some["scores"], scores[rows][greedy_nms(raw["boxes"][0][rows], None, 0.2)])


def test_at_most_so_many_detections_and_the_best_of_them():
    rule = LevelScores(3, 0.0, 0.5)
    most = rule.with_options(max_detections=5)(raw_of())
    assert all(torch.equal(one["scores"], all_["scores"][:5]) for one, all_ in zip(most, rule(raw_of()), strict=True))


def test_of_equal_scores_the_last_one_of_the_levels_suppresses_the_others():
    """As the released program orders them: two boxes that overlap, both sure beyond float32's numbers."""
    raw = raw_of(clips=1, classes=1)
    raw["conf"][:], raw["cls"][:] = -20.0, -20.0
    raw["conf"][0, [5, 100]], raw["cls"][0, [5, 100]] = 40.0, 40.0
    raw["boxes"][0, 5], raw["boxes"][0, 100] = torch.tensor([[10.0, 10, 30, 30], [10, 10, 30, 29]])
    found = LevelScores(1, 0.5, 0.5)(raw)[0]
    assert found["scores"].tolist() == [1.0]
    assert found["boxes"][0, 3].item() == pytest.approx(29 / 64)
