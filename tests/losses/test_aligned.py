import math

import pytest
import torch

from yowo.boxes.anchors import grid_points, make_levels
from yowo.boxes.geometry import ciou
from yowo.errors import ConfigError
from yowo.losses.aligned import SideSimOTAAssigner, TaskAlignedAssigner, masks, settle
from yowo.losses.candidates import flatten_targets

SIZE = (64, 96)


def raw_of(seed=0, classes=3, clips=2):
    """Random scores and boxes on levels of stride 8, 16 and 32."""
    random = torch.Generator().manual_seed(seed)
    levels = make_levels(SIZE, (8, 16, 32), [1, 1, 1])
    points, strides = grid_points(levels, torch.device("cpu"))
    away = (torch.rand(clips, len(points), 4, generator=random) * 3 + 0.5) * strides[:, None]
    boxes = torch.cat([points - away[..., :2], points + away[..., 2:]], dim=-1)
    cls = torch.randn(clips, len(points), classes, generator=random)
    return {"cls": cls, "boxes": boxes, "points": points, "strides": strides, "levels": levels, "image_size": SIZE}


def target(*rows):
    return {
        "boxes": torch.tensor([row[:4] for row in rows]).reshape(-1, 4),
        "labels": torch.tensor([int(row[4]) for row in rows], dtype=torch.int64),
    }


TARGETS = [target((0.1, 0.1, 0.6, 0.8, 1), (0.3, 0.2, 0.7, 0.9, 2)), target((0.5, 0.1, 0.95, 0.9, 0))]


def tal_by_hand(raw, targets, top_k=10, alpha=0.5, beta=6.0):
    """Positives of the task-aligned rule with the mask of the paper, box by box."""
    owners = {}
    for clip, one in enumerate(targets):
        boxes = one["boxes"] * torch.tensor([SIZE[1], SIZE[0]] * 2)
        overlaps = [ciou(box[None], raw["boxes"][clip]).clamp(min=0) for box in boxes]
        for place, (box, label) in enumerate(zip(boxes, one["labels"].tolist(), strict=True)):
            measure = raw["cls"][clip, :, label].sigmoid() ** alpha * overlaps[place] ** beta
            allowed = []
            for (x, y), stride in zip(raw["points"].tolist(), raw["strides"].tolist(), strict=True):
                inside = box[0] < x < box[2] and box[1] < y < box[3]
                middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
                allowed.append(bool(inside and max(abs(x - middle[0]), abs(y - middle[1])) < 2.5 * stride))
            allowed = torch.tensor(allowed)
            for point in (measure * allowed).sort(descending=True).indices[:top_k].tolist():
                if allowed[point]:
                    owners.setdefault((clip, point), []).append(place)
        for (at, point), claims in list(owners.items()):
            if at == clip and isinstance(claims, list):
                best = max(range(len(boxes)), key=lambda p: overlaps[p][point].item()) if len(claims) > 1 else claims[0]
                owners[at, point] = best
    return owners


@pytest.mark.parametrize("seed", range(3))
def test_task_aligned_positives_are_those_found_by_hand(seed):
    raw = raw_of(seed)
    found = TaskAlignedAssigner()(raw, TARGETS)
    expected = tal_by_hand(raw, TARGETS)
    assert dict.fromkeys(zip(found.clip.tolist(), found.prediction.tolist(), strict=True)).keys() == expected.keys()
    for clip, point, label in zip(found.clip.tolist(), found.prediction.tolist(), found.labels.tolist(), strict=True):
        assert label == TARGETS[clip]["labels"][expected[clip, point]]
    assert found.quality is None and len(expected) > 15


def test_soft_goals_are_largest_where_measure_and_overlap_are():
    found = TaskAlignedAssigner(soft_labels=True)(raw_of(), TARGETS)
    assert found.quality.min() >= 0 and found.quality.max() <= 1 and found.quality.unique().numel() > 5
    assert torch.equal(found.prediction, TaskAlignedAssigner()(raw_of(), TARGETS).prediction)


def test_the_released_mask_forbids_a_disc_of_half_the_boxes_size_and_the_papers_asks_for_the_centre():
    raw = raw_of()
    flat = flatten_targets([target((0.5, 0.5, 1.0, 1.0, 0)), target()], SIZE, torch.device("cpu"))
    inside, released = masks(raw, flat, 2.5, "released")
    again, paper = masks(raw, flat, 2.5, "paper")
    assert torch.equal(inside, again)
    for point, stride, far, near in zip(raw["points"], raw["strides"], released[0], paper[0], strict=True):
        x, y = point.tolist()
        assert far == (math.hypot(x - 24, y - 16) > 2.5 * stride)
        assert near == (max(abs(x - 72), abs(y - 48)) < 2.5 * stride)


@pytest.mark.parametrize("assigner", [TaskAlignedAssigner, SideSimOTAAssigner])
def test_the_two_masks_choose_other_points_and_another_word_is_named(assigner):
    paper, released = (assigner(mask=mask)(raw_of(), TARGETS) for mask in ("paper", "released"))
    assert paper.prediction.tolist() != released.prediction.tolist()
    with pytest.raises(ConfigError, match=r"assigner\.mask: expected one of paper, released, got 'both'"):
        assigner(mask="both")


@pytest.mark.parametrize("assigner", [TaskAlignedAssigner(), SideSimOTAAssigner(), SideSimOTAAssigner(dynamic=True)])
def test_clips_do_not_see_each_other_and_may_be_empty(assigner):
    raw = raw_of()
    whole = assigner(raw, TARGETS)
    alone = assigner({**raw, "cls": raw["cls"][1:], "boxes": raw["boxes"][1:]}, TARGETS[1:])
    assert whole.prediction[whole.clip == 1].tolist() == alone.prediction.tolist() and len(alone.prediction) > 0
    half = assigner(raw, [target(), TARGETS[1]])
    assert half.clip.unique().tolist() == [1] and half.prediction.tolist() == alone.prediction.tolist()
    nothing = assigner(raw, [target(), target()])
    assert len(nothing.clip) == len(nothing.labels) == 0 and nothing.boxes_xyxy.shape == (0, 4)


def test_multi_hot_boxes_are_judged_by_the_mean_score_of_their_classes():
    raw = raw_of(classes=4)
    raw["cls"][0, :, 3] = raw["cls"][0, :, 1]
    one = {"boxes": TARGETS[0]["boxes"], "labels": torch.tensor([[0.0, 1, 0, 0], [0, 1, 0, 0]])}
    two = {"boxes": TARGETS[0]["boxes"], "labels": torch.tensor([[0.0, 1, 0, 1], [0, 1, 0, 1]])}
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, 4)}
    first, second = (TaskAlignedAssigner()(raw, [given, empty]) for given in (one, two))
    assert first.prediction.tolist() == second.prediction.tolist() and second.labels.sum(dim=1).eq(2).all()


def test_dynamic_k_is_the_sum_of_the_best_overlaps_at_least_one():
    raw = raw_of()
    inside = raw["points"][:, 0] > 0
    raw["boxes"] = raw["boxes"] + 500.0 * inside[:, None]  # nothing overlaps
    found = SideSimOTAAssigner(dynamic=True, mask="paper")(raw, [TARGETS[1], target()])
    assert len(found.clip) <= 1
    many = SideSimOTAAssigner(top_k=10)(raw_of(), [TARGETS[1], target()])
    assert len(many.clip) == 10


def test_a_point_that_several_boxes_take_goes_to_the_cheapest_of_all():
    raw = raw_of(clips=1)
    flat = flatten_targets([target(*[(0.1, 0.1, 0.6, 0.8, n) for n in range(3)])], SIZE, torch.device("cpu"))
    chosen, cost = torch.zeros(3, len(raw["points"]), dtype=torch.bool), torch.ones(3, len(raw["points"]))
    chosen[:2, 5], chosen[1, 7] = True, True
    cost[2, 5], cost[2, 7] = 0.0, 0.0
    found = settle(chosen, cost, raw, flat)
    assert found.prediction.tolist() == [5, 7] and found.owner.tolist() == [2, 1]


@pytest.mark.parametrize("assigner", [TaskAlignedAssigner(mask="released"), SideSimOTAAssigner(mask="released")])
def test_a_box_counts_when_its_corners_sum_above_zero(assigner):
    raw = raw_of(clips=1)
    raw["boxes"] = raw["boxes"].clamp(min=-20)
    away, near = target((-0.5, -0.5, 0.4, 0.4, 0)), target((-0.4, -0.4, 0.5, 0.6, 0))
    assert len(assigner(raw, [away]).prediction) == 0 < len(assigner(raw, [near]).prediction)
    assert len(assigner(raw, [target((0.5, 0.2, 0.5, 0.9, 0))]).prediction) == 0  # no width: no point is inside
