import pytest
import torch
import torch.nn.functional as F

from tests.losses.test_aligned import SIZE, TARGETS, raw_of, target
from yowo.boxes.geometry import ciou
from yowo.errors import ConfigError
from yowo.losses.aligned import SideSimOTAAssigner, TaskAlignedAssigner
from yowo.losses.side_criterion import (
    BALANCED,
    NORMAL,
    UNBALANCED,
    FullEntropy,
    QualityFocal,
    SideCriterion,
    build_side_criterion,
)
from yowo.losses.simota_choice import AnySimOTAAssigner

NAMES = ["a", "b", "c"]


def with_bins(seed=0, **options):
    raw = raw_of(seed, **options)
    clips, points = raw["boxes"].shape[:2]
    return {**raw, "deltas": torch.randn(clips, points, 64, generator=torch.Generator().manual_seed(seed))}


def by_hand(raw, found):
    """Class, box and distance terms of positives, one after the other; unweighted sums."""
    goals = torch.zeros_like(raw["cls"])
    box = distance = 0.0
    for clip, point, wanted, label in zip(
        found.clip.tolist(), found.prediction.tolist(), found.boxes_xyxy, found.labels.tolist(), strict=True
    ):
        goals[clip, point, label] = 1.0
        box += 1 - ciou(raw["boxes"][clip, point], wanted).item()
        x, y = raw["points"][point].tolist()
        sides = torch.tensor([x - wanted[0], y - wanted[1], wanted[2] - x, wanted[3] - y]) / raw["strides"][point]
        for side, far in enumerate(sides.clamp(0, 14.99).tolist()):
            log_p = F.log_softmax(raw["deltas"][clip, point, 16 * side : 16 * side + 16], dim=0)
            low = int(far)
            distance -= (log_p[low] * (1 - far + low) + log_p[low + 1] * (far - low)).item() / 4
    return F.binary_cross_entropy_with_logits(raw["cls"], goals, reduction="sum").item(), box, distance


@pytest.mark.parametrize("weighted", [True, False])
def test_terms_are_those_found_by_hand_over_the_goals(weighted):
    raw, assigner = with_bins(), TaskAlignedAssigner()
    losses = SideCriterion(assigner, FullEntropy(), weighted_by_goals=weighted)(raw, TARGETS)
    found = assigner(raw, TARGETS)
    cls, box, distance = (term / len(found.clip) for term in by_hand(raw, found))
    assert losses["cls"].item() == pytest.approx(0.5 * cls, rel=1e-5)
    assert losses["box"].item() == pytest.approx(7.5 * box, rel=1e-4)
    assert losses["distance"].item() == pytest.approx(1.5 * distance, rel=1e-4)
    parts = [losses[name].item() for name in ("box", "conf", "cls", "distance")]
    assert losses["conf"] == 0 and losses["total"].item() == pytest.approx(sum(parts), rel=1e-6)


def test_soft_goals_weigh_boxes_and_divide_everything():
    raw, assigner = with_bins(), TaskAlignedAssigner(soft_labels=True)
    found = assigner(raw, TARGETS)
    losses = SideCriterion(assigner, FullEntropy())(raw, TARGETS)
    each = 1 - ciou(raw["boxes"][found.clip, found.prediction], found.boxes_xyxy)
    expected = 7.5 * (each * found.quality).sum() / found.quality.sum()
    assert losses["box"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_no_boxes_at_all_leave_the_background_and_finite_gradients():
    raw = with_bins()
    raw["cls"].requires_grad_()
    losses = build_side_criterion(AnySimOTAAssigner(), NAMES, 3)(raw, [target(), target()])
    losses["total"].backward()
    assert losses["box"] == losses["distance"] == 0 and losses["cls"] > 0
    assert raw["cls"].grad.isfinite().all() and (raw["cls"].grad > 0).all()


def test_the_focal_term_weighs_hits_by_their_error_and_misses_by_their_probability():
    logits, goals = torch.tensor([[[0.4, -1.0]]]), torch.tensor([[[0.7, 0.0]]])
    p, q = torch.tensor([0.4, -1.0]).sigmoid().tolist()
    log = lambda x: torch.tensor(x + 1e-9).log().item()  # noqa: E731
    hit = -(abs(0.7 - p) ** 0.5) * (0.7 * log(p) + 0.3 * log(1 - p))
    miss = -(q**0.5) * log(1 - q)
    assert QualityFocal()(logits, goals).item() == pytest.approx(hit + miss, rel=1e-5)
    import math

    ratio = QualityFocal(class_ratio=[0.2, 0.3])(logits, goals).item()
    assert ratio == pytest.approx(hit * math.exp(0.8) + miss * math.exp(0.3), rel=1e-5)


@pytest.mark.parametrize(
    ("assigner", "exclusive", "weights", "term", "weighted"),
    [
        (TaskAlignedAssigner(), 3, BALANCED, FullEntropy, True),
        (TaskAlignedAssigner(), 0, BALANCED, FullEntropy, True),
        (AnySimOTAAssigner(), 3, BALANCED, QualityFocal, False),
        (SideSimOTAAssigner(), 3, BALANCED, QualityFocal, False),
        (AnySimOTAAssigner(), 0, UNBALANCED, QualityFocal, False),
        (AnySimOTAAssigner(soft_labels=False), 3, NORMAL, FullEntropy, False),
    ],
)
def test_what_is_not_given_is_the_released_programs(assigner, exclusive, weights, term, weighted):
    made = build_side_criterion(assigner, NAMES, exclusive, class_ratio=[0.1, 0.2, 0.3])
    assert (made.class_weight, made.box_weight, made.distance_weight) == weights
    assert type(made.class_loss) is term and made.weighted_by_goals == weighted
    if term is QualityFocal:
        assert (made.class_loss.class_ratio is not None) == (exclusive == 0)


def test_given_weights_and_class_terms_count():
    made = build_side_criterion(TaskAlignedAssigner(), NAMES, 3, None, "focal", 1.0, 2.0, 3.0)
    assert (made.class_weight, made.box_weight, made.distance_weight) == (1.0, 2.0, 3.0)
    assert isinstance(made.class_loss, QualityFocal)
    with pytest.raises(ConfigError, match=r"loss\.class_loss: expected one of entropy, focal or null, got 'hinge'"):
        build_side_criterion(TaskAlignedAssigner(), NAMES, 3, None, "hinge")


@pytest.mark.parametrize("deltas", [4, None])
def test_boxes_that_are_no_distributions_are_refused(deltas):
    raw = with_bins()
    raw = (
        {k: v for k, v in raw.items() if k != "deltas"} if deltas is None else {**raw, "deltas": raw["deltas"][..., :4]}
    )
    with pytest.raises(ConfigError, match="loss: it is for boxes that are predicted as distributions over bins"):
        SideCriterion(TaskAlignedAssigner(), FullEntropy())(raw, TARGETS)


def test_sums_of_parts_of_a_batch_are_those_of_the_batch():
    raw, criterion = with_bins(), SideCriterion(TaskAlignedAssigner(soft_labels=True), FullEntropy())
    whole = criterion(raw, TARGETS)
    parts = [
        criterion.sums({**raw, **{k: raw[k][n : n + 1] for k in ("cls", "boxes", "deltas")}}, TARGETS[n : n + 1])
        for n in range(2)
    ]
    added = {name: parts[0].terms[name] + parts[1].terms[name] for name in parts[0].terms}
    joint = criterion.divided(added, 2, parts[0].positives + parts[1].positives)
    assert {k: v.item() for k, v in joint.items()} == pytest.approx({k: v.item() for k, v in whole.items()}, rel=1e-5)
    assert raw["image_size"] == SIZE
