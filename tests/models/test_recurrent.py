import pytest
import torch
from torch import nn

from tests.exported_cases import small_detector
from tests.yowof_cases import small_yowof
from yowo.models.recurrent import CarriedFeatures, CarriedState, Recurrent
from yowo.models.sliding_past import PastTensors

FRAMES = torch.randn(7, 2, 3, 64, 96, generator=torch.Generator().manual_seed(2))
"""Of two videos."""


def stepped(steps):
    """Raw output at each frame."""
    past = PastTensors(steps.past, steps.kept)
    past.fill(steps.first(FRAMES[0]))
    for frame in FRAMES:
        raw, kept = steps(frame, past.tensors())
        remembered = steps.remember(frame, past.tensors())
        assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(kept, remembered, strict=True))
        past.push(kept)
        yield raw


def clip_of(places):
    return FRAMES[torch.tensor(places).clamp(min=0)].permute(1, 2, 0, 3, 4)


@torch.no_grad()
@pytest.mark.parametrize("clip_len", [1, 2, 4])
def test_a_carried_state_knows_all_frames_and_begins_with_copies_of_the_first(clip_len):
    net = small_yowof()
    for place, raw in enumerate(stepped(CarriedState(net, clip_len))):
        expected = net(clip_of(range(1 - clip_len, place + 1)))
        torch.testing.assert_close(raw["cls"], expected["cls"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(raw["boxes"], expected["boxes"], rtol=1e-4, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("clip_len", [1, 2, 4])
def test_kept_features_give_the_output_of_the_last_frames(clip_len):
    net = small_yowof()
    for place, raw in enumerate(stepped(CarriedFeatures(net, clip_len))):
        expected = net(clip_of(range(place + 1 - clip_len, place + 1)))
        torch.testing.assert_close(raw["cls"], expected["cls"], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_windows_of_several_frames_are_detected_at_once():
    steps = CarriedFeatures(small_yowof(), 3)
    past = [FRAMES.new_zeros(2, 16, 2, 3)] * 2
    windows = [steps.window(frame, past)[0] for frame in FRAMES[:2]]
    joined = steps.detect(torch.cat(list(FRAMES[:2])), torch.cat(windows))["cls"]
    alone = torch.cat([steps.detect(frame, window)["cls"] for frame, window in zip(FRAMES[:2], windows, strict=True)])
    torch.testing.assert_close(joined, alone)


def test_only_networks_with_a_memory_are_recurrent():
    assert isinstance(small_yowof(), Recurrent)
    assert not isinstance(small_detector(), Recurrent) and not isinstance(nn.Linear(2, 2), Recurrent)
