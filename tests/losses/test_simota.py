import pytest
import torch

from tests.point_cases import SIZE, raw_of, target
from yowo.boxes.geometry import iou
from yowo.losses.candidates import flatten_targets
from yowo.losses.simota import SimOTAAssigner, cheapest, first_of_clip

BOXES = (
    (0.1, 0.1, 0.6, 0.8, 1),
    (0.3, 0.2, 0.7, 0.9, 2),
    (0.0, 0.0, 0.2, 0.3, 0),
    (0.85, 0.5, 1.0, 1.0, 1),
    (0.1, 0.12, 0.62, 0.8, 0),
    (0.12, 0.1, 0.58, 0.82, 2),
)


def by_hand(raw, targets, radius=2.5, top_k=10):
    """The rule of the paper's program, box by box and point by point: {(clip, point): (box, IoU)}."""
    found = {}
    for clip, one in enumerate(targets):
        boxes = [box * torch.tensor([SIZE[1], SIZE[0]] * 2) for box in one["boxes"]]
        inside, both = [], []
        for box in boxes:
            middle = (box[:2] + box[2:]) / 2
            for point, stride in zip(raw["points"], raw["strides"], strict=True):
                within = bool((point > box[:2]).all() and (point < box[2:]).all())
                near = bool(((point - middle).abs() < radius * stride).all())
                inside.append(within or near)
                both.append(within and near)
        if not boxes:
            continue
        count = len(raw["points"])
        candidates = [p for p in range(count) if any(inside[n * count + p] for n in range(len(boxes)))]
        score = (raw["cls"][clip].sigmoid() * raw["conf"][clip].sigmoid()).sqrt()
        costs, overlaps = [], []
        for number, (box, label) in enumerate(zip(boxes, one["labels"], strict=True)):
            hot = label if label.ndim else torch.nn.functional.one_hot(label, score.shape[1]).float()
            overlap = iou(box, raw["boxes"][clip])
            entropy = torch.nn.functional.binary_cross_entropy(score, hot.expand_as(score), reduction="none").sum(1)
            far = torch.tensor([not both[number * count + p] for p in range(count)])
            costs.append(entropy - 3 * (overlap + 1e-8).log() + 1e5 * far)
            overlaps.append(overlap)
        claims = {}
        for number in range(len(boxes)):
            best = overlaps[number][candidates].sort(descending=True).values[:top_k]
            wanted = max(int(best.sum()), 1)
            for point in sorted(candidates, key=lambda p, n=number: costs[n][p].item())[:wanted]:
                claims.setdefault(point, []).append(number)
        for point, numbers in claims.items():
            owner = numbers[0]
            if len(numbers) > 1:
                owner = min(range(len(boxes)), key=lambda n, p=point: costs[n][p].item())
            found[clip, point] = (owner, overlaps[owner][point].item())
    return found


def rows_of(found, targets):
    """The same of an assignment."""
    rows = {}
    for clip, point, box, quality in zip(
        found.clip.tolist(), found.prediction.tolist(), found.boxes_xyxy, found.quality.tolist(), strict=True
    ):
        boxes = targets[clip]["boxes"] * torch.tensor([SIZE[1], SIZE[0]] * 2)
        rows[clip, point] = (int((boxes - box).abs().sum(1).argmin()), quality)
    return rows


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("hot", [None, 3])
def test_equals_the_rule_box_by_box(seed, hot):
    raw = raw_of(seed, clips=3)
    targets = [target(*BOXES, hot=hot), target(hot=hot), target(*BOXES[1:3], hot=hot)]
    ours, theirs = rows_of(SimOTAAssigner()(raw, targets), targets), by_hand(raw, targets)
    assert ours.keys() == theirs.keys()
    assert all(ours[key][0] == theirs[key][0] and abs(ours[key][1] - theirs[key][1]) < 1e-6 for key in ours)


def test_a_point_on_a_side_of_a_box_is_not_inside():
    raw, box = raw_of(clips=1), (12 / 96, 12 / 64, 28 / 96, 28 / 64)
    flat = flatten_targets([target((*box, 1))], SIZE, torch.device("cpu"), min_side=0.0)
    cost = dict(zip(map(tuple, raw["points"][:96].tolist()), SimOTAAssigner().costs(raw, flat)[0][0], strict=False))
    assert cost[20.0, 20.0] < 1e5 <= min(cost[12.0, 20.0], cost[20.0, 28.0])


def test_a_box_without_a_class_takes_points_and_teaches_no_class():
    raw, targets = raw_of(clips=1), [target((0.1, 0.1, 0.6, 0.8, -1), hot=3)]
    found = SimOTAAssigner()(raw, targets)
    assert rows_of(found, targets).keys() == by_hand(raw, targets).keys() and len(found.clip)
    assert found.labels.sum() == 0


def test_of_two_equal_boxes_the_first_takes_the_points():
    raw, box = raw_of(clips=1), (0.1, 0.1, 0.6, 0.8)
    found = SimOTAAssigner()(raw, [target((*box, 2), (*box, 2))])
    alone = SimOTAAssigner()(raw, [target((*box, 2))])
    assert torch.equal(found.prediction, alone.prediction)


def test_an_empty_box_is_none_and_a_tiny_one_takes_a_point_near_it():
    raw = raw_of(clips=1)
    assert len(SimOTAAssigner()(raw, [target((0.3, 0.3, 0.3, 0.6, 1))]).clip) == 0
    found = SimOTAAssigner()(raw, [target((0.3, 0.3, 0.301, 0.301, 1))])
    assert len(found.clip) == 1
    middle, stride = torch.tensor([0.3005 * 96, 0.3005 * 64]), raw["strides"][found.prediction]
    assert ((raw["points"][found.prediction] - middle).abs() < 2.5 * stride[:, None]).all()


def test_no_boxes_at_all_assign_nothing():
    found = SimOTAAssigner()(raw_of(), [target(), target()])
    assert len(found.clip) == len(found.boxes_xyxy) == len(found.quality) == 0


def test_hard_labels_have_no_quality():
    assert SimOTAAssigner(soft_labels=False)(raw_of(), [target(*BOXES), target()]).quality is None


def test_the_cheapest_box_of_a_clip_and_of_equal_ones_the_first():
    cost = torch.tensor([[3.0, 1.0, torch.inf], [3.0, 0.5, torch.inf], [0.0, 0.0, 0.0]])
    assert first_of_clip(cost, torch.tensor([0, 0, 2]), 3).tolist() == [[0, 1, 0], [-1, -1, -1], [2, 2, 2]]


def test_of_equally_cheap_points_those_of_topk_are_taken_for_each_number():
    cost = torch.full((4, 1029), 120.0)
    cost[:, :900] = 2e6
    cost[3, ::2] = torch.inf
    wanted, clip = torch.tensor([1, 7, 1, 5]), torch.tensor([0, 0, 1, 2])
    found = cheapest(cost, wanted, clip)
    for row, picked, count in zip(cost, found, wanted.tolist(), strict=True):
        allowed = row.isfinite().nonzero()[:, 0]
        best = allowed[row[allowed].topk(count, largest=False).indices]
        assert set(picked.nonzero()[:, 0].tolist()) == set(best.tolist())
    assert cheapest(cost[:0], wanted[:0], clip[:0]).shape == (0, 1029)
    assert not cheapest(torch.full((1, 5), torch.inf), wanted[:1], clip[:1]).any()
