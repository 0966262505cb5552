import numpy as np

from yowo.inference.tracks import NO_TRACK, FrameRows, tracks_of


def test_a_tube_goes_to_one_detection_of_its_class():
    box = np.array([10, 10, 30, 30], np.float32)
    rows = FrameRows(np.stack([box + 1, box, box]), np.ones(3, np.float32), np.array([0, 0, 1]), np.arange(3))
    assert tracks_of(rows, [(4, 0, box)]).tolist() == [NO_TRACK, 4, NO_TRACK]
    assert tracks_of(rows, []).tolist() == [NO_TRACK] * 3
