import numpy as np
import pytest

from tests.make_data import tube_boxes, write_annotation
from yowo.datasets.ucf24_annotation import read_annotation, read_pixel_tubes
from yowo.errors import AnnotationError


def test_small_stored_integers_do_not_wrap(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/v": (255, [(3, 250, 255)])})
    tube = read_annotation(tmp_path / "a.mat")["Biking/v"][0]
    assert tube.start == 249 and len(tube.boxes) == 6
    expected = (tube_boxes(250, 255)[:, 0].astype(float) + 80) / 320
    assert np.allclose(tube.boxes[:, 2], expected)


def test_a_damaged_annotation_is_named(tmp_path):
    (tmp_path / "bad.mat").write_bytes(b"nothing")
    with pytest.raises(AnnotationError, match=r"bad\.mat: not a readable UCF101-24 annotation"):
        read_annotation(tmp_path / "bad.mat")


def test_pixels_are_whole_and_some_videos_can_be_asked_for(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/v": (9, [(3, 2, 5)]), "Biking/w": (9, [(3, 1, 5)])})
    tubes = read_pixel_tubes(tmp_path / "a.mat", {"Biking/v"})
    assert list(tubes) == ["Biking/v"]
    x, y, w, h = tube_boxes(2, 5)[0].astype(float)
    assert tubes["Biking/v"][0].boxes[0].tolist() == [x, y, x + w, y + h]
