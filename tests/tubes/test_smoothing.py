import numpy as np
import pytest

from yowo.tubes.smoothing import smooth_track


def moving(frames, speed=2.0):
    corner = speed * np.asarray(frames, dtype=float)
    return np.stack([corner, corner, corner + 50, corner + 80], axis=1)


def test_steady_motion_stays_as_it_is():
    frames = np.arange(40)
    error = np.abs(smooth_track(frames, moving(frames), np.ones(40), 3.0) - moving(frames))
    assert error[9:-9].max() < 0.01 and error.max() < 3


def test_jitter_is_evened_out():
    frames = np.arange(60)
    noisy = moving(frames) + np.random.default_rng(0).normal(0, 5, (60, 4))
    smooth = smooth_track(frames, noisy, np.ones(60), 3.0)
    assert np.abs(smooth - moving(frames)).mean() < 0.5 * np.abs(noisy - moving(frames)).mean()


@pytest.mark.parametrize("window", [0.0, 3.0])
def test_gaps_are_filled_and_a_stray_box_does_not_pull(window):
    frames = np.array([0, 1, 2, 3, 4, 5, 30, 31, 32, 33, 34, 35])
    smooth = smooth_track(frames, moving(frames), np.ones(12), window)
    assert len(smooth) == 36 and np.abs(smooth[18] - moving([18])[0]).max() < 6
    boxes = moving(np.arange(20))
    boxes[10] += 200
    fitted = smooth_track(np.arange(20), boxes, np.ones(20), 3.0)
    assert np.abs(fitted[10] - moving([10])[0]).max() < 5


def test_a_single_box_is_a_track():
    assert np.allclose(smooth_track(np.array([0]), moving([7]), np.ones(1), 3.0), moving([7]))
