import torch

from tests.make_data import pictures
from yowo.data.augment import EvalTransform
from yowo.inference.prepared_frames import prepared


def test_frames_are_resized_and_normalised_as_clips_of_evaluation_are():
    frames = pictures(2, 0)
    frames.setflags(write=False)
    transform = EvalTransform((32, 64), [0.2] * 3, [0.5] * 3)
    found = prepared(frames, transform, "cpu")
    clip = torch.from_numpy(frames.transpose(0, 3, 1, 2).copy())
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert found.shape == (3, 2, 32, 64) and torch.equal(found, transform([clip], [nothing])[0][0])
    assert torch.isfinite(found).all()
