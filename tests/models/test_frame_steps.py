import pytest
import torch

from tests.exported_cases import small_detector
from tests.yowof_cases import small_yowof
from yowo.errors import ConfigError
from yowo.models.frame_steps import frame_steps, obstacle
from yowo.models.recurrent import CarriedFeatures, CarriedState
from yowo.models.sliding import SlidingDetector
from yowo.models.sliding_past import PastTensors


def test_each_network_gets_the_steps_of_its_kind():
    assert type(frame_steps(small_yowof(), 4, "state")) is CarriedState
    assert type(frame_steps(small_yowof(), 4)) is CarriedFeatures
    assert type(frame_steps(small_detector(), 4)) is SlidingDetector


@torch.no_grad()
@pytest.mark.parametrize(("make", "way"), [(small_yowof, "state"), (small_yowof, "exact"), (small_detector, "exact")])
def test_from_zeros_the_first_frame_settles_after_as_many_steps_as_they_say(make, way):
    steps = frame_steps(make(), 5, way)
    frames = torch.randn(1, 3, 64, 96)
    expected = steps.first(frames)
    past = PastTensors(steps.past, steps.kept)
    past.fill([torch.zeros_like(one) for one in expected])
    for _ in range(steps.settled_after):
        past.push(kept := steps.remember(frames, past.tensors()))
    for one, other in zip(kept, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_what_a_network_lacks_is_said():
    assert obstacle(small_yowof(), "state") is obstacle(small_yowof()) is obstacle(small_detector()) is None
    with pytest.raises(ConfigError, match=r"streaming=state: Detector has no state .*; set streaming=exact or clip"):
        frame_steps(small_detector(), 4, "state")
    net = small_detector()
    net.backbone3d.stem_layers = None
    with pytest.raises(ConfigError, match=r"streaming=exact: its 3D backbone .* tell its stem; set streaming=clip"):
        frame_steps(net, 4)
