import numpy as np
import pytest
import torch

from yowo.inference import frame_times as module
from yowo.inference.frame_times import (
    LEAST_FRAMES,
    FrameTimes,
    frame_operations,
    frame_times,
    matrix_peak,
    moving_pictures,
    same_detections,
)


class Counting:
    def __init__(self):
        self.seen, self.resets = [], 0
        self.layer = torch.nn.Conv2d(3, 4, 3, padding=1)

    def add(self, pictures, wanted):
        assert len(pictures) == len(wanted) == 1
        self.seen.append(pictures)
        self.layer(torch.from_numpy(pictures).permute(0, 3, 1, 2).float())
        return [None]

    def reset(self):
        self.resets += 1
        self.seen = []


def test_detectors_take_turns_on_single_frames():
    one, other = Counting(), Counting()
    pictures = moving_pictures(3, (32, 16))
    times = frame_times({"one": one, "other": other}, pictures, seconds=0.0, turns=2, warm_up=4)
    assert set(times) == {"one", "other"} and one.resets == 1
    assert len(times["one"].seconds) == 2 * LEAST_FRAMES and len(one.seen) == 4 + 2 * LEAST_FRAMES
    assert (one.seen[3] == pictures[0]).all()  # repeated
    assert 0 < times["one"].cpu < 1


def test_rates_and_percentiles_are_those_of_single_frames():
    times = FrameTimes([0.001 * value for value in range(1, 102)], 0.5)
    assert times.fps == pytest.approx(1 / 0.051)
    assert [round(times.milliseconds(share)) for share in (0.5, 0.95, 0.99)] == [51, 96, 100]


def test_the_operations_of_a_frame_are_counted():
    assert frame_operations(Counting(), moving_pictures(2, (32, 16))) == 2 * 32 * 16 * 4 * 27


def test_the_peak_is_that_of_a_product(monkeypatch):
    moments = iter(range(100))
    monkeypatch.setattr(module.time, "process_time", lambda: next(moments))
    assert matrix_peak("cpu", size=10, rounds=1) == 2000


def test_made_up_pictures_move():
    pictures = moving_pictures(5, (40, 30))
    assert pictures.shape == (5, 30, 40, 3) and pictures.dtype == np.uint8
    assert (pictures[1, :, :-1] == pictures[0, :, 1:]).all() and (pictures[0] != pictures[4]).any()


def found(*rows):
    boxes, scores, labels = zip(*rows, strict=True) if rows else ((), (), ())
    return {
        "boxes": torch.tensor(boxes).reshape(-1, 4),
        "scores": torch.tensor(scores),
        "labels": torch.tensor(labels, dtype=torch.int64),
    }


def test_the_share_of_equal_detections():
    box = (0.1, 0.2, 0.3, 0.4)
    one = [found((box, 0.9, 1), (box, 0.5, 2)), found()]
    assert same_detections(one, one) == 1
    assert same_detections([found()], [found()]) == 1
    assert same_detections(one, [found((box, 0.9001, 1), (box, 0.5, 3)), found()]) == 0.5  # another class
    assert same_detections(one, [found((box, 0.95, 1)), found((box, 0.1, 1))]) == 0
    assert same_detections([found((box, 0.9, 1))], one[:1]) == 0.5  # one too many


def test_detections_of_several_actions_are_compared_by_all_their_scores():
    one = {"boxes": torch.zeros(1, 4), "scores": torch.tensor([[0.9, 0.1]]), "confidence": torch.ones(1)}
    other = one | {"scores": torch.tensor([[0.9, 0.2]])}
    assert same_detections([one], [one]) == 1 and same_detections([one], [other]) == 0
