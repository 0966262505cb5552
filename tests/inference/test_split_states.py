from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.yowof_cases import small_yowof
from yowo.errors import ConfigError
from yowo.inference.split_states import SplitStates


class Keys(SimpleNamespace):
    def __len__(self):
        return len(self.video)


def keys(video, seconds=None):
    return Keys(video=np.array(video), seconds=seconds)


def clips(count, frames=3):
    return torch.randn(count, 3, frames, 64, 96, generator=torch.Generator().manual_seed(4))


@torch.no_grad()
def test_a_video_begins_with_its_clip_and_goes_on_with_one_frame_at_a_time():
    net, given = small_yowof(), clips(6)
    states = SplitStates(lambda: keys([0, 0, 0, 0, 1, 1]))
    found = torch.cat([states(net, range(3), given[:3])["cls"], states(net, range(3, 6), given[3:])["cls"]])
    for row, first in enumerate([0, 0, 0, 0, 4, 4]):
        later = [given[place : place + 1, :, -1:] for place in range(first + 1, row + 1)]
        expected = net(torch.cat([given[first : first + 1], *later], dim=2))["cls"]
        torch.testing.assert_close(found[row : row + 1], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_videos_of_several_workers_may_take_turns_and_a_second_test_begins_anew():
    net, given = small_yowof(), clips(4)
    states = SplitStates(lambda: keys([0, 0, 1, 1]))
    turns = [states(net, [row], given[row : row + 1])["cls"] for row in (0, 2, 1, 3)]
    again = states(net, range(4), given)["cls"]
    torch.testing.assert_close(again, torch.cat([turns[0], turns[2], turns[1], turns[3]]), rtol=1e-4, atol=1e-5)


def test_key_frames_out_of_order_are_refused():
    with pytest.raises(ConfigError, match="the key frames of a video must come in order, from the first one"):
        SplitStates(lambda: keys([0, 0]))(small_yowof(), [1], clips(1))


def test_key_frames_seconds_apart_are_refused():
    with pytest.raises(ConfigError, match="streaming=state: the key frames of this data set are seconds apart"):
        SplitStates(lambda: keys([0], seconds=np.array([902.0])))(small_yowof(), [0], clips(1))
