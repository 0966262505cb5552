import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.backbones3d.stacked import StackedFrames


@pytest.mark.parametrize(("frames", "step"), [(8, 1), (9, 2), (8, 3)])
@pytest.mark.parametrize("size", [(64, 96), (32, 32)])
def test_shape_of_the_feature(frames, step, size):
    net = StackedFrames(frames, step, width=2, channels=4, out_channels=10).eval()
    assert net(torch.rand(2, 3, frames, *size)).shape == (2, 10, size[0] // 8, size[1] // 8)


def test_gradients_reach_the_stem():
    net = StackedFrames(3, width=2, channels=4)
    net(torch.rand(2, 3, 3, 32, 32)).square().sum().backward()
    assert net.frame[0].conv.weight.grad.abs().sum() > 0


def test_at_first_it_sees_what_changes_and_nothing_that_rests():
    net = StackedFrames(4, width=2, channels=4).eval()
    still = torch.rand(1, 3, 1, 32, 32).expand(-1, -1, 4, -1, -1)
    clip = still.clone()
    clip[:, :, -1] = torch.rand(3, 32, 32)
    heard = []
    net.clip.conv.register_forward_hook(lambda _, __, out: heard.append(out.abs().max().item()))
    net(still), net(clip)
    assert heard[0] < 1e-5 < 1e-2 < heard[1]


def test_it_reads_the_key_frame_and_every_nth_frame_before_it():
    torch.manual_seed(0)
    net = StackedFrames(8, frame_step=3, width=2, channels=4).eval()
    clip = torch.rand(1, 3, 8, 32, 32)
    before = net(clip)
    changes = []
    for frame in range(8):
        other = clip.clone()
        other[:, :, frame] += 1
        changes.append(bool((net(other) - before).abs().max() > 1e-4))
    assert changes == [False, True, False, False, True, False, False, True]


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match=r"made for clips of 8 frames, got 9"):
        StackedFrames(8, width=2, channels=4)(torch.rand(1, 3, 9, 32, 32))
    with pytest.raises(ConfigError, match=r"backbone3d\.clip_len: expected at least 1, got 0"):
        StackedFrames(0)
    with pytest.raises(ConfigError, match=r"backbone3d\.frame_step: expected at least 1, got 0"):
        StackedFrames(8, frame_step=0)
