import pytest
import torch

from tests.point_cases import raw_of, target
from yowo.errors import ConfigError
from yowo.losses.aligned import SideSimOTAAssigner
from yowo.losses.simota import SimOTAAssigner
from yowo.losses.simota_choice import AnySimOTAAssigner

TARGETS = [target((0.1, 0.1, 0.6, 0.8, 1), (0.3, 0.2, 0.7, 0.9, 2)), target()]


@pytest.mark.parametrize(
    ("confidence", "rule"), [(True, SimOTAAssigner()), (False, SideSimOTAAssigner(dynamic=True, mask="released"))]
)
def test_the_network_decides_which_rule_it_is(confidence, rule):
    raw = raw_of(confidence=confidence)
    ours, expected = AnySimOTAAssigner(dynamic=True, mask="released")(raw, TARGETS), rule(raw, TARGETS)
    for name in ("clip", "prediction", "labels", "quality"):
        assert torch.equal(getattr(ours, name), getattr(expected, name)), name


def test_labels_are_soft_or_hard_with_either_rule():
    for confidence in (True, False):
        assert AnySimOTAAssigner(soft_labels=False)(raw_of(confidence=confidence), TARGETS).quality is None


def test_an_unknown_mask_is_refused():
    with pytest.raises(ConfigError, match=r"assigner\.mask"):
        AnySimOTAAssigner(mask="none")
