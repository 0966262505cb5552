import numpy as np
import pytest
import torch

import yowo
from tests.make_data import pictures, write_video
from yowo.contracts import KeyFrame
from yowo.data.augment import EvalTransform
from yowo.errors import ConfigError
from yowo.inference.feature_bank import FeatureBank, LongTermContext, SplitFeatures, bank_of_video
from yowo.inference.streaming import detect_frames
from yowo.video.frame_source import ReaderSource
from yowo.video.reader import open_video


class Frames:
    """A reader over an array that counts what it decodes."""

    width, height, fps = 64, 48, 25.0

    def __init__(self, frames):
        self.frames, self.read = frames, []

    def __len__(self):
        return len(self.frames)

    def get_frames(self, indices):
        self.read += list(indices)
        return self.frames[list(indices)]


TRANSFORM = EvalTransform((64, 64), [0.4] * 3, [0.2] * 3)


@pytest.fixture(scope="module")
def detector():
    return yowo.build_model("yowo_tiny", "motion", 8, "dataset.image_size=64").eval()


def slow_mean(detector, frames, key):
    """The rule written out for one key frame: no bank, no batch, one clip after the other."""
    slots = [range(s, min(s + 8, len(frames))) for s in range(0, len(frames), 8)]
    middles = [s * 8 + 3.5 for s in range(len(slots))]
    # 8 whole clips around the key frame, as if the video went on for ever, then those that it has
    near = sorted(range(-8, len(slots) + 8), key=lambda s: abs(s * 8 + 3.5 - key))[:8]
    features = []
    for s in (s for s in near if 0 <= s < len(middles)):
        clip = list(slots[s])
        clip = [clip[0]] * (8 - len(clip)) + clip
        small = TRANSFORM([torch.from_numpy(frames[clip].transpose(0, 3, 1, 2))], [])[0]
        features.append(detector.backbone3d(small)[0])
    return sum(features) / len(features)


@torch.no_grad()
@pytest.mark.parametrize("length", [3, 8, 9, 40, 101])
def test_the_mean_equals_a_slow_direct_computation(detector, length):
    frames = pictures(length, 1)
    bank = bank_of_video(LongTermContext(), detector, TRANSFORM, Frames(frames))
    keys = sorted({0, length // 3, length // 2, length - 1})
    for key, mean in zip(keys, bank.mean(keys), strict=True):
        assert torch.allclose(mean, slow_mean(detector, frames, key), atol=1e-5), key


def unjudged(raw):
    """Raw output as if it were detections, clip by clip."""
    names = ("conf", "cls", "boxes")
    return [{name: raw[name][clip] for name in names} for clip in range(len(raw["conf"]))]


@pytest.mark.parametrize("length", [5, 8])
def test_a_video_of_one_clip_is_judged_as_by_the_plain_network(detector, length):
    frames = pictures(length, 2)
    bank = bank_of_video(LongTermContext(), detector, TRANSFORM, Frames(frames))
    plain, banked = (
        list(detect_frames(detector, unjudged, TRANSFORM, ReaderSource(Frames(frames)), 8, features=features))
        for features in (None, bank.mean)
    )
    for name in ("conf", "cls", "boxes"):
        assert torch.allclose(plain[-1].detections[name], banked[-1].detections[name], atol=1e-5)
    assert (plain[0].detections["conf"] - banked[0].detections["conf"]).abs().max() > 1e-5


def test_64_frames_are_taken_around_the_key_frame_and_fewer_at_the_ends():
    context = LongTermContext()
    assert list(context.slots(100, 1000)) == list(range(9, 17))
    assert list(context.slots(99, 1000)) == list(range(8, 16))
    assert list(context.slots(0, 1000)) == [0, 1, 2, 3]
    assert list(context.slots(999, 1000)) == [121, 122, 123, 124]
    assert list(context.slots(4, 9)) == [0, 1]
    assert list(LongTermContext(8, 3).slots(20, 80)) == [1, 2, 3]
    assert all(1 <= len(context.slots(f, n)) <= 8 for n in range(1, 90) for f in range(n))


def test_clips_cover_a_video_without_overlap():
    context = LongTermContext()
    clips = [context.clip(slot, 21) for slot in range(3)]
    assert sorted({int(f) for clip in clips for f in clip}) == list(range(21))
    assert clips[2].tolist() == [16, 16, 16, 16, 17, 18, 19, 20]
    assert not set(clips[0]) & set(clips[1])


def test_each_feature_is_computed_once_and_forgotten_when_passed():
    asked = []

    def compute(clips):
        asked.extend(int(clip[-1]) // 8 for clip in clips)
        return torch.zeros(len(clips), 2, 1, 1)

    bank = FeatureBank(LongTermContext(), 200, compute)
    for start in range(0, 200, 5):
        bank.mean(range(start, start + 5))
        assert len(bank._features) <= 9
    assert asked == list(range(25))


@torch.no_grad()
def test_a_split_gives_each_key_frame_the_mean_of_its_own_video(detector, tmp_path):
    videos = {}
    for name, length in (("a", 20), ("b", 12)):
        write_video(tmp_path / f"{name}.mp4", pictures(length, ord(name)))
        with open_video(tmp_path / f"{name}.mp4") as reader:
            videos[name] = reader.get_frames(range(length))
    keys = [
        KeyFrame(name, str(tmp_path / f"{name}.mp4"), "auto", frame, len(videos[name]), (64, 64), None, None)
        for name, frame in (("a", 0), ("a", 19), ("b", 3), ("b", 11))
    ]
    features = SplitFeatures(LongTermContext(), lambda: keys, TRANSFORM)
    found = torch.cat([features(detector, [0]), features(detector, [1, 2]), features(detector, [3])])
    for key, mean in zip(keys, found, strict=True):
        assert torch.allclose(mean, slow_mean(detector, np.asarray(videos[key.video]), key.frame), atol=1e-5)


def test_impossible_numbers_are_named():
    with pytest.raises(ConfigError, match=r"context: expected clip_len and num_clips of at least 1, got 8 and 0"):
        LongTermContext(8, 0)
