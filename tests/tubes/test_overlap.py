import numpy as np
import pytest

from tests.reference import video_ap_reference as reference
from yowo.contracts import Tube
from yowo.tubes.overlap import tube_iou


def tube(start, boxes):
    return Tube(0, start, np.array(boxes, dtype=np.float32))


def as_frames(item):
    return {item.start + place: box.tolist() for place, box in enumerate(item.boxes.astype(float))}


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_the_rule_written_out(seed):
    random = np.random.default_rng(seed)
    tubes = []
    for _ in range(2):
        corner = random.uniform(0, 30, (random.integers(1, 9), 2))
        tubes.append(tube(int(random.integers(0, 6)), np.concatenate([corner, corner + random.uniform(5, 40)], axis=1)))
    assert tube_iou(*tubes) == pytest.approx(reference.tube_iou(*map(as_frames, tubes)), abs=1e-6)


def test_a_tube_overlaps_itself_wholly_and_half_of_itself_by_half():
    whole = tube(3, [[0, 0, 9, 9]] * 8)
    assert tube_iou(whole, whole) == 1.0
    assert tube_iou(whole, tube(3, [[0, 0, 9, 9]] * 4)) == 0.5


def test_one_common_frame_is_none():
    assert tube_iou(tube(0, [[0, 0, 9, 9]] * 4), tube(3, [[0, 0, 9, 9]] * 4)) == 0.0
    assert tube_iou(tube(0, [[0, 0, 9, 9]]), tube(0, [[0, 0, 9, 9]])) == 0.0


def test_boxes_less_than_a_pixel_apart_still_share_pixels():
    assert tube_iou(tube(0, [[0, 0, 9, 9]] * 2), tube(0, [[9.5, 0, 19, 9]] * 2)) > 0
