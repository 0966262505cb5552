from dataclasses import replace

import pytest
import torch

from tests.losses.test_assigners import raw_output
from tests.reference import postprocess_reference as reference
from tests.reference.nms_reference import greedy_nms
from yowo.boxes.class_logits import class_probabilities
from yowo.models.postprocess import ConfidenceOrder, PostProcess, to_show


def random_raw(batch, classes, seed, size=(96, 128)):
    raw = raw_output(batch, size)
    generator = torch.Generator().manual_seed(seed)
    m = raw["conf"].shape[1]
    raw["conf"] = torch.randn(batch, m, 1, generator=generator)
    raw["cls"] = torch.randn(batch, m, classes, generator=generator)
    corner = torch.rand(batch, m, 2, generator=generator) * 90 - 10
    raw["boxes"] = torch.cat([corner, corner + 15 + 40 * torch.rand(batch, m, 2, generator=generator)], dim=2)
    return raw


@pytest.mark.parametrize("seed", range(3))
def test_one_hot_detections_box_by_box(seed):
    raw = random_raw(2, 4, seed)
    found = PostProcess(4, score_threshold=0.2, nms_threshold=0.4, top_k=25)(raw)
    for clip in range(2):
        pairs = []
        for m in range(raw["conf"].shape[1]):
            p = raw["conf"][clip, m].sigmoid() * raw["cls"][clip, m].softmax(dim=0)
            x = raw["boxes"][clip, m] / torch.tensor([128.0, 96, 128, 96])
            pairs += [(float(s), label, x.clamp(0, 1)) for label, s in enumerate(p)]
        best = [p for p in sorted(pairs, key=lambda p: -p[0])[:25] if p[0] > 0.2]
        boxes, labels = torch.stack([b for _, _, b in best]), torch.tensor([c for _, c, _ in best])
        kept = greedy_nms(boxes, labels, 0.4)
        assert torch.allclose(found[clip]["boxes"], boxes[kept])
        assert torch.equal(found[clip]["labels"], labels[kept])
        assert torch.allclose(found[clip]["scores"], torch.tensor([s for s, _, _ in best])[kept])


def test_multi_hot_detections_box_by_box():
    raw = random_raw(1, 5, 0)
    found = PostProcess(2, score_threshold=0.6, nms_threshold=0.3)(raw)[0]
    confidence = raw["conf"][0, :, 0].sigmoid()
    order = [int(m) for m in confidence.argsort(descending=True) if confidence[m] > 0.6]
    boxes = (raw["boxes"][0, order] / torch.tensor([128.0, 96, 128, 96])).clamp(0, 1)
    kept = [m for m, k in zip(order, greedy_nms(boxes, None, 0.3), strict=True) if k]
    cls = torch.cat([raw["cls"][0, kept, :2].softmax(dim=1), raw["cls"][0, kept, 2:].sigmoid()], dim=1)
    assert torch.allclose(found["confidence"], confidence[kept])
    assert torch.allclose(found["scores"], confidence[kept, None] * cls)


@pytest.mark.parametrize("rule", [PostProcess(4), PostProcess(2), ConfidenceOrder(4), ConfidenceOrder(2)])
def test_without_confidence_scores_are_the_class_probabilities(rule):
    raw = random_raw(2, 4, 3)
    del raw["conf"]
    found = rule.with_options(score_threshold=0.3, nms_threshold=1.0, top_k=1000)(raw)
    for clip, detections in enumerate(found):
        p = class_probabilities(raw["cls"][clip], rule.exclusive_classes)
        assert len(detections["boxes"]) > 3
        if rule.exclusive_classes == 4:
            assert torch.equal(detections["scores"], p[p > 0.3].sort(descending=True)[0])
        else:
            best, order = p.amax(dim=1).sort(descending=True, stable=True)
            assert torch.equal(detections["confidence"], best[best > 0.3])
            assert torch.equal(detections["scores"], p[order][best > 0.3])


def test_without_confidence_the_best_pairs_are_still_limited():
    raw = random_raw(1, 4, 3)
    del raw["conf"]
    scores = PostProcess(4, score_threshold=0.0, nms_threshold=1.0, top_k=7)(raw)[0]["scores"]
    assert torch.equal(scores, raw["cls"].softmax(dim=2).flatten().sort(descending=True)[0][:7])


def test_nothing_above_the_threshold_gives_empty_tensors():
    for exclusive in (4, 2):
        found = PostProcess(exclusive, score_threshold=1.0)(random_raw(2, 4, 0))
        assert [len(d["boxes"]) for d in found] == [0, 0]


def test_half_precision_output_is_scored_in_float32():
    raw = random_raw(1, 4, 0)
    half = {**raw, "conf": raw["conf"].bfloat16(), "cls": raw["cls"].bfloat16()}
    assert PostProcess(4)(half)[0]["scores"].dtype == torch.float32


@pytest.mark.parametrize("every_class", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_original_suppresses_over_all_classes_by_confidence_box_by_box(seed, every_class):
    raw = random_raw(2, 4, seed)
    found = ConfidenceOrder(4, score_threshold=0.25, nms_threshold=0.3, every_class=every_class)(raw)
    for clip in range(2):
        confidence, p = raw["conf"][clip, :, 0].sigmoid(), raw["cls"][clip].softmax(dim=1)
        order = [int(m) for m in confidence.argsort(descending=True) if (confidence[m] * p[m].max()) > 0.25]
        boxes = raw["boxes"][clip, order] / torch.tensor([128.0, 96, 128, 96])
        expected = []
        for m, box, keep in zip(order, boxes, greedy_nms(boxes, None, 0.3), strict=True):
            scores = confidence[m] * p[m]
            classes = [c for c in range(4) if scores[c] > 0.25] if every_class else [int(scores.argmax())]
            expected += [(float(scores[c]), c, box.tolist()) for c in classes if keep]
        expected.sort(key=lambda row: -row[0])
        assert len(expected) > 3
        assert found[clip]["labels"].tolist() == [c for _, c, _ in expected]
        assert torch.allclose(found[clip]["scores"], torch.tensor([s for s, _, _ in expected]))
        assert torch.allclose(found[clip]["boxes"], torch.tensor([b for _, _, b in expected]))


def test_the_originals_limits_differ_for_several_actions_and_boxes_are_not_clipped():
    raw = random_raw(1, 5, 1)
    for exclusive, limit in ((5, 0.4), (2, 0.5)):
        own, given = ConfidenceOrder(exclusive)(raw)[0], ConfidenceOrder(exclusive, nms_threshold=limit)(raw)[0]
        assert torch.equal(own["boxes"], given["boxes"])
        assert len(ConfidenceOrder(exclusive, nms_threshold=0.1)(raw)[0]["boxes"]) < len(own["boxes"])
        assert own["boxes"].min() < 0 and own["boxes"].max() > 1


@pytest.mark.parametrize("rule", [PostProcess(2), PostProcess(0), ConfidenceOrder(2), ConfidenceOrder(0)])
def test_scores_must_be_above_the_threshold_and_not_equal_to_it(rule):
    raw = raw_output(1, (32, 32))  # confidences of exactly one half
    raw["cls"] = torch.tensor([200.0, -200.0]).expand(1, raw["conf"].shape[1], 2)
    assert len(rule.with_options(score_threshold=0.5)(raw)[0]["boxes"]) == 0
    assert len(rule.with_options(score_threshold=0.49)(raw)[0]["boxes"]) == raw["conf"].shape[1]


def crowd(people, classes, per_person=3):
    """Raw output for people in a grid, each seen perfectly by several predictions, as a trained network does."""
    raw = raw_output(1, (224, 224))
    corner = torch.tensor([[(p % 6) * 37.0, (p // 6) * 44.0] for p in range(people)])
    boxes = torch.cat([corner, corner + torch.tensor([30.0, 40.0])], dim=1).repeat_interleave(per_person, dim=0)
    shift = torch.arange(per_person).repeat(people)[:, None] * torch.tensor([1.0, 0, 1, 0])
    raw["boxes"] = (boxes + shift)[None]
    raw["conf"] = (6 - 0.01 * torch.arange(people * per_person))[None, :, None]
    raw["cls"] = torch.zeros(1, people * per_person, classes)
    raw["cls"][..., 0] = 6.0
    return raw


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_everybody_in_a_crowd_is_found_without_a_limit_before_suppression(classes):
    raw = crowd(30, classes)
    rule = PostProcess(classes, score_threshold=0.3)
    assert len(rule(raw)[0]["boxes"]) == 14  # the protocol's 40 pairs are used up by 14 people
    for free in (replace(rule, top_k=None), replace(rule, top_k=None, class_agnostic_nms=True)):
        assert len(free(raw)[0]["boxes"]) == 30
    best = replace(rule, top_k=None, max_detections=20)(raw)[0]
    assert len(best["boxes"]) == 20
    assert torch.equal(best["scores"], replace(rule, top_k=None)(raw)[0]["scores"][:20])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threshold", [0.0, 0.2])
def test_no_limit_equals_a_limit_that_is_not_reached(seed, threshold):
    raw = random_raw(2, 4, seed)
    limited = PostProcess(4, threshold, 0.4, top_k=100_000)(raw)
    free = PostProcess(4, threshold, 0.4, top_k=None)(raw)
    assert all(torch.equal(a[key], b[key]) for a, b in zip(limited, free, strict=True) for key in a)


@pytest.mark.parametrize("top_k", [None, 25])
def test_one_box_a_person_box_by_box(top_k):
    raw = random_raw(2, 4, 1)
    found = PostProcess(4, 0.2, 0.3, top_k=top_k, class_agnostic_nms=True)(raw)
    for clip in range(2):
        scores = raw["conf"][clip].sigmoid() * raw["cls"][clip].softmax(dim=1)
        best, labels = scores.max(dim=1)
        order = [m for m in best.argsort(descending=True).tolist()[:top_k] if best[m] > 0.2]
        boxes = (raw["boxes"][clip, order] / torch.tensor([128.0, 96, 128, 96])).clamp(0, 1)
        kept = [m for m, k in zip(order, greedy_nms(boxes, None, 0.3), strict=True) if k]
        assert found[clip]["labels"].tolist() == labels[kept].tolist() and len(kept) > 3
        assert torch.allclose(found[clip]["scores"], best[kept])
        assert torch.allclose(found[clip]["boxes"], boxes[[order.index(m) for m in kept]])


def test_the_limit_after_suppression_is_also_that_of_multi_hot_detections():
    every = PostProcess(2, 0.3, 0.5)(random_raw(2, 5, 0))
    best = PostProcess(2, 0.3, 0.5, max_detections=4)(random_raw(2, 5, 0))
    for one, other in zip(every, best, strict=True):
        assert len(one["boxes"]) > 4 and all(torch.equal(one[key][:4], other[key]) for key in one)


def test_pictures_show_good_detections_and_one_box_a_person():
    box, near, far = [0.1, 0.1, 0.3, 0.5], [0.1, 0.1, 0.3, 0.45], [0.6, 0.1, 0.8, 0.5]
    found = {
        "boxes": torch.tensor([box, near, far, far]),
        "scores": torch.tensor([0.9, 0.8, 0.7, 0.2]),
        "labels": torch.tensor([0, 1, 1, 0]),
    }
    shown = to_show(found, 0.3)
    assert shown["labels"].tolist() == [0, 1] and shown["boxes"].tolist() == torch.tensor([box, far]).tolist()
    assert len(to_show(found, 0.3, nms_threshold=0.95)["boxes"]) == 3
    several = {"boxes": found["boxes"][:2], "scores": torch.tensor([[0.9, 0.1], [0.1, 0.8]])}
    assert len(to_show(several, 0.3)["boxes"]) == 2


RULES = [
    PostProcess(9),
    PostProcess(9, 0.0, top_k=300),
    PostProcess(9, 0.3, 0.3, top_k=None, max_detections=20),
    PostProcess(9, 0.0, top_k=None),
    PostProcess(9, 0.2, 0.4, top_k=15, class_agnostic_nms=True),
    PostProcess(9, 0.1, top_k=None, class_agnostic_nms=True, max_detections=7),
    PostProcess(4, 0.3),
    PostProcess(0, 0.0, 0.2, max_detections=9),
    ConfidenceOrder(9, 0.1),
    ConfidenceOrder(9, 0.05, every_class=False),
    ConfidenceOrder(4),
]


def whole_numbers(values):
    """Coarse values, so that scores are equal and boxes overlap by exactly the threshold."""
    return (values * 2).round() / 2


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("case", ["random", "ties", "no confidence"])
def test_detections_equal_those_of_the_rule_on_whole_batches_to_the_last_bit(rule, case):
    raw = random_raw(3, 9, 11)
    if case == "ties":
        raw["conf"], raw["cls"] = whole_numbers(raw["conf"]), whole_numbers(raw["cls"])
        raw["boxes"] = (raw["boxes"] / 16).round() * 16
    if case == "no confidence":
        del raw["conf"]
    before = getattr(reference, type(rule).__name__)(**vars(rule))(raw)
    for now, then in zip(rule(raw), before, strict=True):
        assert list(now) == list(then)
        for name in then:
            assert now[name].dtype == then[name].dtype and torch.equal(now[name], then[name]), name
