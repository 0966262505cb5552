import numpy as np
import pytest

from yowo.inference.outputs.sparse_boxes import SparseBoxes


def keys_of(boxes, cuts=()):
    """Key frames of a way, {frame: box}."""
    way, keys = SparseBoxes(), []
    for frame, box in enumerate(boxes):
        keys += way.add(frame, tuple(map(float, box)))
        if frame in cuts:
            keys += way.cut()
    keys += way.end()
    assert [key.frame for key in keys] == sorted({key.frame for key in keys})
    return {key.frame: key.box for key in keys}


def between(keys, frames):
    places = sorted(keys)
    return np.stack([np.interp(range(frames), places, [keys[place][side] for place in places]) for side in range(4)], 1)


@pytest.mark.parametrize("jitter", [0.0, 0.4, 1.0, 6.0])
@pytest.mark.parametrize("side", [0.5, 3, 60])
def test_every_box_is_within_a_pixel_of_the_lines_between_key_frames(jitter, side):
    random = np.random.default_rng(int(10 * jitter + side))
    for frames in (1, 2, 3, 150):
        corner = np.cumsum(random.normal(0, 2, (frames, 2)), axis=0) + 100
        boxes = np.concatenate([corner, corner + side], axis=1)
        boxes[:, 2:] += abs(random.normal(0, jitter, (frames, 2)))
        keys = keys_of(boxes, cuts={3, 4, 40})
        lines = between(keys, frames)
        assert abs(lines - boxes).max() <= 0.95 + 1e-9
        assert (lines[:, 2:] > lines[:, :2]).all()
        assert {0, frames - 1} <= set(keys)


def test_straight_ways_need_two_key_frames_and_a_still_person_too():
    frames = np.arange(1000)[:, None]
    assert len(keys_of(np.array([10, 20, 50, 80]) + frames * np.array([0.1, 0.05, 0.13, 0.02]))) == 2
    assert len(keys_of(np.tile(np.array([10.0, 20, 50, 80]), (1000, 1)))) == 2
    waving = np.array([100, 50, 160, 190]) + 40 * np.sin(frames / 60) * np.array([1, 0, 1, 0])
    assert len(keys_of(waving)) < 60


def test_a_cut_is_a_key_frame_at_the_last_box_and_no_second_one_there():
    boxes = np.tile(np.array([10.0, 20, 50, 80]), (9, 1))
    assert list(keys_of(boxes, cuts={0, 4, 8})) == [0, 4, 8]
