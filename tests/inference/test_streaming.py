import numpy as np
import pytest
import torch

from tests.make_data import pictures
from yowo.data.augment import EvalTransform, crop_and_resize
from yowo.data.clips import clip_indices
from yowo.inference.streaming import detect_frames
from yowo.video.frame_source import ReaderSource


class Frames:
    """A reader over an array that counts what it decodes."""

    fps, width, height = 25.0, 64, 48

    def __init__(self, frames):
        self.frames, self.read = frames, []

    def __len__(self):
        return len(self.frames)

    def get_frames(self, indices):
        self.read += list(indices)
        return self.frames[list(indices)]


class Camera:
    """A source of frames whose length nobody knows, and which ends in the middle of a batch."""

    fps, width, height, length = 25.0, 64, 48, None

    def __init__(self, frames):
        self.frames, self.next = frames, 0

    def read(self, count):
        self.next += count
        return self.frames[self.next - count : self.next]


@pytest.mark.parametrize("batch_size", [1, 4, 7, 50])
@pytest.mark.parametrize(("clip_len", "dilation"), [(8, 1), (4, 3), (1, 1)])
def test_every_frame_gets_the_clip_that_ends_at_it_and_is_decoded_once(batch_size, clip_len, dilation):
    frames = pictures(19, 0)
    reader, transform = Frames(frames), EvalTransform((32, 32), [0.0] * 3, [1.0] * 3)
    source = ReaderSource(reader)
    seen = []

    def detector(clips):
        seen.extend(clips)
        return len(clips)

    results = list(
        detect_frames(
            detector, lambda n: [{"scores": torch.tensor([1.0])}] * n, transform, source, clip_len, dilation, batch_size
        )
    )
    assert [r.frame for r in results] == list(range(19))
    assert all(np.array_equal(r.picture, frames[r.frame]) for r in results)
    assert reader.read == list(range(19))
    small = crop_and_resize(torch.from_numpy(frames.transpose(0, 3, 1, 2)), None, (32, 32)).float() / 255
    for frame, clip in enumerate(seen):
        expected = small[clip_indices(frame, 19, clip_len, dilation)].transpose(0, 1)
        assert torch.allclose(clip, expected, atol=1e-6)


def test_a_video_without_frames_gives_nothing():
    transform = EvalTransform((32, 32), [0.0] * 3, [1.0] * 3)
    assert list(detect_frames(None, None, transform, ReaderSource(Frames(pictures(0, 0))), 8)) == []


@pytest.mark.parametrize("batch_size", [1, 4, 19, 50])
def test_a_source_of_unknown_length_is_detected_on_until_it_ends(batch_size):
    frames = pictures(19, 0)
    transform = EvalTransform((32, 32), [0.0] * 3, [1.0] * 3)
    found = {}
    for name, source in {"camera": Camera(frames), "file": ReaderSource(Frames(frames))}.items():
        seen = []
        results = detect_frames(
            lambda clips, seen=seen: seen.extend(clips) or len(clips),
            lambda n: [{"scores": torch.tensor([1.0])}] * n,
            transform, source, 8, 1, batch_size,
        )  # fmt: skip
        found[name] = [(r.frame, r.picture.tobytes()) for r in results], torch.stack(seen)
    assert found["camera"][0] == found["file"][0] and len(found["camera"][0]) == 19
    assert torch.equal(found["camera"][1], found["file"][1])
