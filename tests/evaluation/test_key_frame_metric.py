import numpy as np
import pytest
import torch

from yowo.errors import AnnotationError, ConfigError, YowoError
from yowo.evaluation.frame_map import FrameMAP
from yowo.evaluation.key_frame_metric import spread

BOX = [0.25, 0.25, 0.75, 0.75]
SIZE = (320, 240)
STATES = ("frames", "detection_boxes", "detection_labels", "detection_scores", "target_boxes", "target_labels")


def boxes(*labels):
    """A box of each label, as detections and as ground truth."""
    return {
        "boxes": torch.tensor([BOX] * len(labels)).reshape(-1, 4),
        "labels": torch.tensor(labels, dtype=torch.int64),
        "scores": torch.full((len(labels),), 0.5),
    }


@pytest.fixture
def metric():
    return FrameMAP(["run", "jump"])


def test_rows_know_their_frame_and_repeated_frames_are_left_out():
    frames = np.array([[7, 320, 240, 2, 0], [3, 10, 20, 1, 0], [7, 320, 240, 2, 0]])
    frame, counted, scale = spread(frames, frames[:, 3], np.array([True, True, False]))
    assert frame.tolist() == [7, 7, 3] and counted.tolist() == [True] * 3 + [False] * 2
    assert scale.tolist() == [[320, 240, 320, 240]] * 2 + [[10, 20, 10, 20]]


def test_a_key_frame_that_comes_again_counts_once_with_what_came_first(metric):
    metric.update([4], [boxes(0)], [boxes(0)], [SIZE])
    once = metric.compute()["frame_map/0.5"]
    metric.update([4, 4], [boxes(1, 1), boxes()], [boxes(0), boxes(0, 1)], [SIZE, SIZE])
    assert metric.compute()["frame_map/0.5"] == once == 1
    metric.update([5], [boxes()], [boxes(0)], [SIZE])
    assert metric.compute()["frame_map/0.5"] == 0.5


def test_a_batch_of_no_key_frame_changes_nothing(metric):
    metric.update([], [], [], [])
    assert all(getattr(metric, name) == [] for name in STATES)


def test_a_process_that_has_seen_nothing_has_states_of_the_same_kind(metric):
    """Gathering over processes needs the types and the further dimensions of all to be equal."""
    empty = metric._empty_states()
    metric.update([4], [boxes(0)], [boxes(0)], [SIZE])
    assert set(empty) == set(STATES)
    for name in STATES:
        (seen,) = getattr(metric, name)
        assert (seen.dtype, seen.shape[1:]) == (empty[name].dtype, empty[name].shape[1:])


def test_numbers_that_are_none_are_told_by_their_key_frame_and_nothing_of_the_batch_is_kept(metric):
    broken = {**boxes(0), "scores": torch.tensor([float("nan")])}
    with pytest.raises(YowoError, match="key frame 12: a detection has a NaN or infinite"):
        metric.update([11, 12], [boxes(0), broken], [boxes(0), boxes(0)], [SIZE, SIZE])
    with pytest.raises(AnnotationError, match="key frame 13: a ground-truth box"):
        metric.update([13], [boxes(0)], [boxes(2)], [SIZE])
    assert metric.frames == []


@pytest.mark.parametrize("classes", [[], ["run", "run"]])
def test_classes_that_are_none_or_the_same_are_refused(classes):
    with pytest.raises(ConfigError, match="classes: expected different names, at least one"):
        FrameMAP(classes)
