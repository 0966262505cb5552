import numpy as np
import pytest
import torch

from tests.make_data import pictures
from yowo.data.augment import EvalTransform
from yowo.data.clips import clip_indices
from yowo.inference.clip_detector import ClipDetector

FRAMES = 40
TRANSFORM = EvalTransform((32, 32), [0.1] * 3, [0.5] * 3)


class Noted:
    """A network that notes the clips that it gets, and the features."""

    def __init__(self):
        self.clips, self.features = [], []

    def __call__(self, clips, features=None):
        self.clips += list(clips)
        self.features += [] if features is None else features.tolist()
        return range(len(self.clips) - len(clips), len(self.clips))

    @staticmethod
    def judged(numbers):
        return [{"scores": torch.tensor([float(n)])} for n in numbers]


def expected(frames, frame, clip_len, dilation):
    small = TRANSFORM([torch.from_numpy(frames.transpose(0, 3, 1, 2))], [{"boxes": torch.zeros(0, 4), "labels": []}])[0]
    return small[0][:, clip_indices(frame, len(frames), clip_len, dilation)]


@pytest.mark.parametrize(("clip_len", "dilation"), [(8, 1), (3, 4), (1, 1)])
@pytest.mark.parametrize("parts", [[1] * FRAMES, [3, 1, 20, 1, 15], [FRAMES]])
def test_wanted_frames_get_their_clips_however_the_frames_come(clip_len, dilation, parts):
    frames, network = pictures(FRAMES, 0), Noted()
    wanted = [frame % 3 == 0 for frame in range(FRAMES)]
    clips = ClipDetector(network, network.judged, TRANSFORM, clip_len, dilation)
    found, start = [], 0
    for part in parts:
        found += clips.add(frames[start : start + part], wanted[start : start + part])
        start += part
    assert [one is not None for one in found] == wanted
    for place, frame in enumerate(range(0, FRAMES, 3)):
        assert float(found[frame]["scores"]) == place
        assert torch.equal(network.clips[place], expected(frames, frame, clip_len, dilation))


def test_another_source_begins_anew_and_may_have_another_size():
    network = Noted()
    clips = ClipDetector(network, network.judged, TRANSFORM, 4)
    clips.add(pictures(9, 0), [True] * 9)
    clips.reset()
    other = pictures(2, 1)[:, :20, :30]
    clips.add(other, [False, True])
    assert torch.equal(network.clips[-1], expected(other, 1, 4, 1))


def test_features_are_asked_for_by_position_and_only_for_wanted_frames():
    network, asked = Noted(), []
    clips = ClipDetector(
        network, network.judged, TRANSFORM, 1, features=lambda frames: asked.append(frames) or torch.tensor(frames)
    )
    clips.add(pictures(3, 0), [True, False, True])
    clips.add(pictures(2, 0), [False, True])
    clips.add(pictures(1, 0), [False])
    assert asked == [[0, 2], [4]] and network.features == [0, 2, 4]


def test_frames_that_cannot_be_written_to_are_taken_without_a_warning(recwarn):
    frames = pictures(2, 0)
    frames.setflags(write=False)
    network = Noted()
    ClipDetector(network, network.judged, TRANSFORM, 2).add(frames[:, ::2], [True, True])
    assert not recwarn.list and len(network.clips) == 2
    assert np.isfinite(network.clips[0]).all()
