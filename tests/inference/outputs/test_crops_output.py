import numpy as np
import pytest
from PIL import Image

from tests.inference.outputs.made_frames import SIZE, facts, names, tracked, written
from yowo.errors import YowoError
from yowo.inference.outputs.crops_output import CropsOutput


def test_each_tube_has_a_folder_with_its_boxes_a_tenth_larger(tmp_path):
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[50:151, 100:201] = 250
    rows = [((100, 50, 200, 150), 0.9, 1, 3, 1), ((0, 0, 40, 40), 0.8, 2, 12, 2), ((0, 0, 40, 40), 0.8, 0, 0, 0)]
    output = written(CropsOutput(tmp_path / "a_crops", facts()), [tracked(f, rows, picture=picture) for f in (7, 8)])
    assert names(tmp_path / "a_crops") == ["track_0003_person_1_jump_roll", "track_0012_person_2_say_no"]
    assert names(tmp_path / "a_crops" / "track_0003_person_1_jump_roll") == ["000007.jpg", "000008.jpg"]
    with Image.open(tmp_path / "a_crops" / "track_0003_person_1_jump_roll" / "000007.jpg") as crop:
        assert crop.size == (121, 121) and np.asarray(crop)[15:100, 15:100].min() > 240
    with Image.open(tmp_path / "a_crops" / "track_0012_person_2_say_no" / "000008.jpg") as crop:
        assert crop.size == (45, 45)  # the edge of the picture
    assert output.kept() == f"crops: {tmp_path}/a_crops, 4 pictures"


def test_boxes_outside_the_picture_and_names_of_other_alphabets(tmp_path):
    rows = [((-50, -50, -20, -20), 0.9, 0, 1, 1), ((10, 10, 30, 30), 0.9, 1, 2, 1), ((10, 10, 30, 30), 0.9, 2, 3, 1)]
    classes = ("a", "бег/../x", "ж" * 90)
    written(CropsOutput(tmp_path / "c", facts(classes=classes)), [tracked(0, rows)])
    assert names(tmp_path / "c") == ["track_0002_person_1_бег_x", "track_0003_person_1_" + "ж" * 40]


def test_a_folder_that_holds_something_is_refused_and_an_empty_one_not_left(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(YowoError, match=r"full: holds files already; move them, or write elsewhere"):
        CropsOutput(tmp_path / "full", facts())
    assert written(CropsOutput(tmp_path / "none", facts()), [tracked(0, [])]).kept() is None
    assert names(tmp_path) == ["full"]


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path):
    output = CropsOutput(tmp_path / "c", facts())
    (tmp_path / "c" / "track_0001_person_1_run").touch()
    with pytest.raises(YowoError, match=r"000000\.jpg: cannot be written \(.*\); free some space or write elsewhere"):
        output.write(tracked(0, [((10, 10, 30, 30), 0.9, 0, 1, 1)]))
