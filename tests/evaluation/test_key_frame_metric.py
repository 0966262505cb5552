import numpy as np

from yowo.evaluation.key_frame_metric import spread


def test_rows_know_their_frame_and_repeated_frames_are_left_out():
    frames = np.array([[7, 320, 240, 2, 0], [3, 10, 20, 1, 0], [7, 320, 240, 2, 0]])
    frame, counted, scale = spread(frames, frames[:, 3], np.array([True, True, False]))
    assert frame.tolist() == [7, 7, 3] and counted.tolist() == [True] * 3 + [False] * 2
    assert scale.tolist() == [[320, 240, 320, 240]] * 2 + [[10, 20, 10, 20]]
