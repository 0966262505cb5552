import unicodedata

import numpy as np
import pytest

from yowo.errors import AnnotationError, DatasetError
from yowo.projects.table import Extent, TableRow, read_table, write_table

HEADER = "video,frame,x1,y1,x2,y2,label,track"
CLASSES = ("jump", "wave")
VIDEOS = {"a": Extent(10, (100, 50)), "b": Extent(4, (64, 48))}


def read(tmp_path, *lines, header=HEADER, **options):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_table(path, CLASSES, VIDEOS, **options)


def test_pixels_become_fractions_and_rows_of_any_order_one_tube(tmp_path):
    tubes = read(tmp_path, "a,4,20,10,60,30,wave,0", "a,3,10,5,50,25,wave,0")
    assert tubes["b"] == ()
    (tube,) = tubes["a"]
    assert (tube.label, tube.start, tube.score) == (1, 3, 1.0)
    assert tube.boxes.dtype == np.float32
    assert np.allclose(tube.boxes, [[0.1, 0.1, 0.5, 0.5], [0.2, 0.2, 0.6, 0.6]])


def test_a_track_with_a_gap_becomes_two_tubes(tmp_path):
    tubes = read(tmp_path, *(f"a,{frame},1,1,9,9,jump,x" for frame in (1, 2, 5, 6, 7)))["a"]
    assert [(tube.start, len(tube.boxes)) for tube in tubes] == [(1, 2), (5, 3)]


def test_a_track_with_two_labels_becomes_two_tubes_of_the_same_boxes(tmp_path):
    tubes = read(tmp_path, "a,1,1,1,9,9,jump,0", "a,1,1,1,9,9,wave,0")["a"]
    assert [tube.label for tube in tubes] == [0, 1]


def test_a_box_a_little_beyond_the_picture_is_clipped(tmp_path):
    (tube,) = read(tmp_path, "a,0,-0.6,0,100.5,51,jump,0")["a"]
    assert tube.boxes.tolist() == [[0, 0, 1, 1]]


def test_columns_may_stand_in_another_order_among_others_after_a_byte_order_mark(tmp_path):
    header = "\ufefftrack, label,y2,x2,y1,x1,frame,video,comment"
    (tube,) = read(tmp_path, '7,jump,25,50,5,10,2,a,"to, check"', header=header)["a"]
    assert np.allclose(tube.boxes, [[0.1, 0.1, 0.5, 0.5]])


def test_rows_of_left_out_videos_are_passed_over_and_blank_lines_too(tmp_path):
    assert read(tmp_path, "", "broken,99,1,1,2,2,jump,0", left_out={"broken"}) == {"a": (), "b": ()}


def test_a_written_table_is_read_back(tmp_path):
    rows = [TableRow("b", frame, (1.25, 2.5, 30.0, 40.0 + frame), "jump", "0") for frame in range(3)]
    write_table(tmp_path / "t.csv", rows)
    (tube,) = read_table(tmp_path / "t.csv", CLASSES, VIDEOS)["b"]
    assert np.allclose(tube.boxes * [64, 48, 64, 48], [row.box for row in rows], atol=1e-4)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("c,0,1,1,2,2,jump,0", "video: expected the name of a video, such as 'a', got 'c'"),
        ("a,0,1,1,2,2,fly,0", "label: expected one of jump, wave, got 'fly'"),
        ("a,10,1,1,2,2,jump,0", "frame: expected 0 to 9 (frames of a), got 10"),
        ("a,-1,1,1,2,2,jump,0", "frame: expected 0 to 9"),
        ("a,1.5,1,1,2,2,jump,0", "frame: expected a whole number, got '1.5'"),
        ("a,0,one,1,2,2,jump,0", "expected numbers for x1,y1,x2,y2, got one,1,2,2"),
        ("a,0,5,1,5,2,jump,0", "expected x1 < x2 within 0 to 100"),
        ("a,0,5,9,8,2,jump,0", "y1 < y2 within 0 to 50"),
        ("a,0,5,1,103,2,jump,0", "got x1=5, y1=1, x2=103, y2=2"),
        ("a,0,5,1,nan,2,jump,0", "got x1=5, y1=1, x2=nan"),
        ("a,0,100.2,1,100.8,2,jump,0", "got x1=100.2"),
        ("a,0,1,1,2,2,jump,", "track: expected a number or name"),
        ("a,0,1,1,2,2,jump", "expected 8 fields as in the header, got 7"),
        ("a,3,1,1,2,2,wave,0", "frame 3 has a second one"),
    ],
)
def test_an_invalid_row_is_an_error_that_names_it(tmp_path, row, words):
    with pytest.raises(AnnotationError, match=r"table\.csv, row 3: .*") as caught:
        read(tmp_path, "a,3,1,1,2,2,wave,0", row)
    assert words in str(caught.value)


def test_a_header_without_a_column_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"table\.csv, row 1: .* add track$"):
        read(tmp_path, header="video,frame,x1,y1,x2,y2,label")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"video\xff\xfe\x00")
    with pytest.raises(AnnotationError, match=r"t\.csv: expected a CSV file in UTF-8"):
        read_table(tmp_path / "t.csv", CLASSES, VIDEOS)


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(
        DatasetError, match=r"none\.csv: expected a CSV file with the columns video,frame.* does not exist"
    ):
        read_table(tmp_path / "none.csv", CLASSES, VIDEOS)


def test_names_of_videos_have_one_spelling_of_accents(tmp_path):
    name = unicodedata.normalize("NFD", "caf\u00e9")
    (tmp_path / "t.csv").write_text(
        f"video,frame,x1,y1,x2,y2,label,track\n{name},0,1,2,30,40,run,1\n", encoding="utf-8"
    )
    assert set(read_table(tmp_path / "t.csv", ["run"], {"caf\u00e9": Extent(2, (64, 48))})) == {"caf\u00e9"}
