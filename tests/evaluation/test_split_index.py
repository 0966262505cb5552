import numpy as np

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo
from yowo.evaluation.split_index import SplitIndex, snap


def test_tubes_come_back_in_whole_pixels_in_the_order_of_names():
    pixels = np.array([[3, 7, 201, 239], [17, 33, 319, 101]], dtype=np.float64)
    fractions = (pixels / [320, 240, 320, 240]).astype(np.float32)
    videos = tuple(AnnotatedVideo(name, "", 9, (320, 240), (Tube(2, 4, fractions),)) for name in ("b", "a"))
    truth = SplitIndex(videos, np.zeros(0, np.int64), np.zeros(0, np.int64)).truth()
    assert list(truth) == ["a", "b"]
    assert truth["a"][0].boxes.tolist() == pixels.tolist() and truth["a"][0].start == 4 and truth["a"][0].label == 2


def test_snapping_keeps_quarter_pixels():
    assert snap(np.array([0.25, 7.0000001])).tolist() == [0.25, 7.0]
