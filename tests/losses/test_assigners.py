import pytest
import torch

from tests.reference.assigner_reference import assign
from tests.reference.levels_assigner_reference import assign as assign_on_levels
from tests.reference.yowo_assigner_reference import assign as assign_one
from yowo.boxes.anchors import decode_boxes, grid_anchors, grid_points, make_levels
from yowo.errors import ConfigError
from yowo.losses.assigners import AnchorIoUAssigner, BestAnchorAssigner, BestPredictionAssigner

ANCHORS = [[22.0, 38.0], [40.0, 81.0], [51.0, 130.0], [73.0, 158.0], [112.0, 189.0]]


TWO_LEVELS = [ANCHORS[:2], ANCHORS[2:]]


def raw_output(batch, size, anchors=ANCHORS):
    """Raw output of one level of stride 32."""
    return raw_output_of_levels(batch, size, [32], [anchors])


def raw_output_of_levels(batch, size, strides, anchors):
    """Raw output of zeros; `anchors` lists those of each level."""
    levels = make_levels(size, strides, [len(pairs) for pairs in anchors])
    points, stride = grid_points(levels)
    m = len(points)
    return {
        "conf": torch.zeros(batch, m, 1),
        "cls": torch.zeros(batch, m, 4),
        "boxes": torch.zeros(batch, m, 4),
        "deltas": torch.zeros(batch, m, 4),
        "anchors": grid_anchors([torch.tensor(pairs) for pairs in anchors], levels),
        "points": points,
        "strides": stride,
        "levels": levels,
        "image_size": size,
    }


def target(boxes, labels):
    return {"boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels)}


def random_targets(batch, most, seed):
    generator = torch.Generator().manual_seed(seed)
    targets = []
    for _ in range(batch):
        n = int(torch.randint(0, most + 1, (), generator=generator))
        centre, size = torch.rand(n, 2, generator=generator), torch.rand(n, 2, generator=generator) * 0.9
        boxes = torch.cat([centre - size / 2, centre + size / 2], dim=1)
        targets.append({"boxes": boxes, "labels": torch.randint(0, 4, (n,), generator=generator)})
    return targets


@pytest.mark.parametrize("size", [(224, 224), (96, 160)])
@pytest.mark.parametrize("seed", range(5))
def test_equals_the_rule_written_out_box_by_box(size, seed):
    targets = random_targets(4, 12, seed)
    found = AnchorIoUAssigner()(raw_output(4, size), targets)
    expected = assign([(t["boxes"].tolist(), t["labels"].tolist()) for t in targets], ANCHORS, size)
    assert list(zip(found.clip.tolist(), found.prediction.tolist(), strict=True)) == sorted(expected)
    for i, key in enumerate(sorted(expected)):
        box, label = expected[key]
        assert found.boxes_xyxy[i].tolist() == pytest.approx(box, abs=1e-4)
        assert found.labels[i].item() == label


def test_a_box_like_no_anchor_gets_the_best_one():
    found = AnchorIoUAssigner()(raw_output(1, (224, 224)), [target([[0.5, 0.5, 0.52, 0.52]], [1])])
    assert found.prediction.tolist() == [(3 * 7 + 3) * 5]


def test_the_later_of_two_boxes_in_one_place_wins():
    box = [0.4, 0.3, 0.6, 0.7]
    found = AnchorIoUAssigner()(raw_output(1, (224, 224)), [target([box, box], [1, 2])])
    assert set(found.labels.tolist()) == {2}


def test_boxes_under_a_pixel_and_empty_clips_give_no_positive():
    targets = [target([[0.5, 0.5, 0.503, 0.9]], [0]), target([], [])]
    assert len(AnchorIoUAssigner()(raw_output(2, (224, 224)), targets).clip) == 0


def test_multi_hot_labels_travel_with_their_box():
    hot = torch.tensor([[1.0, 0, 1, 0]])
    found = AnchorIoUAssigner()(
        raw_output(2, (224, 224)),
        [
            {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, 4)},
            {"boxes": torch.tensor([[0.4, 0.3, 0.6, 0.7]]), "labels": hot},
        ],
    )
    assert (found.clip == 1).all()
    assert torch.equal(found.labels, hot.expand(len(found.clip), 4))


def predicted_output(batch, size, seed):
    """Raw output whose boxes are decoded from random deltas, so that some overlap targets well."""
    return decoded(raw_output(batch, size), seed)


def decoded(raw, seed):
    """Raw output with random deltas and the boxes decoded from them."""
    generator = torch.Generator().manual_seed(seed)
    raw["deltas"] = torch.randn(raw["deltas"].shape, generator=generator) * 0.3
    raw["boxes"] = decode_boxes(raw["deltas"], raw["anchors"], raw["strides"])
    return raw


@pytest.mark.parametrize("size", [(224, 224), (96, 160)])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("assigner", "by_prediction", "threshold"),
    [
        (BestAnchorAssigner(), False, 0.6),
        (BestAnchorAssigner(None), False, None),
        (BestPredictionAssigner(), True, None),
        (BestPredictionAssigner(0.5), True, 0.5),
    ],
)
def test_one_positive_a_box_equals_the_rule_written_out(assigner, by_prediction, threshold, size, seed):
    raw, targets = predicted_output(3, size, seed), random_targets(3, 12, seed)
    found = assigner(raw, targets)
    scale = torch.tensor([size[1], size[0], size[1], size[0]], dtype=torch.float64)
    listed = [((t["boxes"].double() * scale).tolist(), t["labels"].tolist()) for t in targets]
    expected, near = assign_one(listed, ANCHORS, raw["boxes"].double().tolist(), size, by_prediction, threshold)
    assert list(zip(found.clip.tolist(), found.prediction.tolist(), strict=True)) == sorted(expected)
    assert found.labels.tolist() == [expected[key][1] for key in sorted(expected)]
    ignored = set() if found.ignored is None else set(map(tuple, found.ignored.nonzero().tolist()))
    assert ignored == near
    assert (found.ignored is None) == (threshold is None)


def test_the_original_takes_boxes_under_a_pixel_but_no_empty_ones_and_fifty_at_most():
    tiny = [0.5, 0.5, 0.503, 0.503]
    raw = raw_output(1, (224, 224))
    assert len(BestAnchorAssigner()(raw, [target([tiny], [1])]).clip) == 1
    assert len(BestAnchorAssigner()(raw, [target([[0.5, 0.5, 0.5, 0.6]], [1])]).clip) == 0
    first, last = [0.1, 0.1, 0.2, 0.2], [0.7, 0.7, 0.9, 0.9]
    assert len(BestAnchorAssigner()(raw, [target([first] * 50 + [last], [0] * 51)]).clip) == 1
    assert len(BestAnchorAssigner(max_boxes=None)(raw, [target([first] * 50 + [last], [0] * 51)]).clip) == 2


def test_of_equal_anchors_the_first_is_taken():
    raw = raw_output(1, (64, 64), anchors=[[20.0, 40.0], [20.0, 40.0]])
    assert BestAnchorAssigner()(raw, [target([[0.3, 0.1, 0.6, 0.4]], [0])]).prediction.tolist() == [0]


RULES = {
    "anchor_iou": AnchorIoUAssigner(),
    "best_anchor": BestAnchorAssigner(None),
    "best_prediction": BestPredictionAssigner(),
}


@pytest.mark.parametrize("size", [(64, 128), (160, 96)])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("strides", "anchors"),
    [([16, 32], TWO_LEVELS), ([8, 16, 32], [ANCHORS[:1], ANCHORS[1:4], ANCHORS[4:]]), ([32], [ANCHORS])],
)
def test_several_levels_equal_the_rule_written_out_box_by_box(rule, strides, anchors, size, seed):
    raw = decoded(raw_output_of_levels(3, size, strides, anchors), seed)
    targets = random_targets(3, 12, seed + 100)
    found = RULES[rule](raw, targets)
    scale = torch.tensor([size[1], size[0], size[1], size[0]], dtype=torch.float64)
    listed = [((t["boxes"].double() * scale).tolist(), t["labels"].tolist()) for t in targets]
    expected = assign_on_levels(listed, strides, anchors, raw["boxes"].double().tolist(), size, rule)
    assert len(expected) > 3
    assert list(zip(found.clip.tolist(), found.prediction.tolist(), strict=True)) == sorted(expected)
    for i, key in enumerate(sorted(expected)):
        box, label = expected[key]
        assert found.boxes_xyxy[i].tolist() == pytest.approx(box, abs=1e-4)
        assert found.labels[i].item() == label


def test_anchors_of_all_levels_compete_for_a_box():
    raw = raw_output_of_levels(1, (64, 64), [16, 32], [[[10.0, 10.0]], [[30.0, 30.0]]])
    small, large = [0.05, 0.05, 0.20, 0.20], [0.55, 0.55, 0.95, 0.95]
    found = BestAnchorAssigner()(raw, [target([small, large], [1, 2])])
    assert found.prediction.tolist() == [0, 16 + 3] and found.labels.tolist() == [1, 2]


def test_the_best_prediction_needs_neither_anchors_nor_confidence():
    raw, targets = predicted_output(2, (96, 128), 1), random_targets(2, 6, 1)
    bare = {name: value for name, value in raw.items() if name not in ("anchors", "deltas", "conf")}
    found, expected = BestPredictionAssigner(0.5)(bare, targets), BestPredictionAssigner(0.5)(raw, targets)
    assert torch.equal(found.prediction, expected.prediction) and torch.equal(found.ignored, expected.ignored)


@pytest.mark.parametrize("assigner", [AnchorIoUAssigner(), BestAnchorAssigner()])
def test_a_rule_for_anchors_says_that_the_network_has_none(assigner):
    raw = raw_output(1, (64, 64))
    del raw["anchors"]
    with pytest.raises(ConfigError, match=r"this network has none; use assigner=best_prediction"):
        assigner(raw, random_targets(1, 3, 0))


@pytest.mark.parametrize("assigner", [AnchorIoUAssigner(), BestAnchorAssigner(), BestPredictionAssigner()])
def test_a_centre_on_the_border_of_cells_belongs_to_the_right_and_lower_one(assigner):
    raw = raw_output(1, (64, 128))
    found = assigner(raw, [target([[0.25, 0.0, 0.75, 1.0]], [0])])  # 32, 0, 96, 64: centre 64, 32
    assert set((found.prediction // len(ANCHORS)).tolist()) == {1 * 4 + 2}
