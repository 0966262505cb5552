import numpy as np
import pytest

from tests.ava_cases import random_rows, write_rows
from yowo.datasets.ava_annotation import read_ava_csv, read_class_list, read_excluded, without
from yowo.errors import AnnotationError

ROW = "v0,0902,0.1,0.2,0.5,0.6,4,0.25"


def test_rows_are_read_as_they_stand(tmp_path):
    detections, _ = random_rows(0)
    rows = read_ava_csv(write_rows(tmp_path / "det.csv", detections, scored=True), scored=True)
    assert [rows.videos[index] for index in rows.video] == [row[0] for row in detections]
    assert rows.seconds.tolist() == [row[1] for row in detections]
    assert rows.boxes_norm.tolist() == [row[2] for row in detections]
    assert rows.labels.tolist() == [row[3] for row in detections]
    assert rows.scores.tolist() == [row[4] for row in detections]


def test_the_row_by_row_reading_gives_the_same(tmp_path):
    (tmp_path / "a.csv").write_text(f"{ROW}\nv1,903,0,0,1,1,2,0.5\n")
    (tmp_path / "b.csv").write_text(f'\n{ROW}\n"v1",903,0,0,1,1,2,0.5\n')
    one, other = (read_ava_csv(tmp_path / name, scored=True) for name in ("a.csv", "b.csv"))
    assert one.videos == other.videos == ("v0", "v1")
    assert np.array_equal(one.boxes_norm, other.boxes_norm) and np.array_equal(one.scores, other.scores)


def test_ground_truth_may_lack_persons_and_hold_empty_frames(tmp_path):
    (tmp_path / "gt.csv").write_text("v0,0902,0.1,0.2,0.5,0.6,4\nv0,0903\nv0,0904,0.1,0.2,0.5,0.6,4,17\n")
    rows = read_ava_csv(tmp_path / "gt.csv", scored=False)
    assert rows.seconds.tolist() == [902, 904] and rows.scores.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("v0,0902,0.1,0.2,0.5,0.6,4", "row 2: expected 8 columns .*, got 7"),
        ("v0,0902,0.1,0.2,0.5,0.6,4,0.5,9", "row 2: expected 8 columns .*, got 9"),
        ("v0,0902,0.1,zero,0.5,0.6,4,0.5", "row 2: expected video_id.*, got v0,0902,0.1,zero"),
        ("v0,0902,nan,0.2,0.5,0.6,4,0.5", "row 2: expected finite numbers, got v0,0902,nan"),
        ("v0,0902,0.1,0.2,0.5,0.6,4,inf", "row 2: expected finite numbers"),
        ("v0,0902,0.6,0.2,0.5,0.6,4,0.5", "row 2: expected a box with x1 <= x2"),
        ("v0,0902,0.1,0.2,0.5,0.6,4.5,0.5", "row 2: expected a whole number of at least 1 as action_id"),
        ("v0,0902,0.1,0.2,0.5,0.6,0,0.5", "row 2: expected a whole number of at least 1 as action_id"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, line, message):
    (tmp_path / "det.csv").write_text(f"{ROW}\n{line}\n{ROW}\n")
    with pytest.raises(AnnotationError, match=rf"det\.csv: {message}"):
        read_ava_csv(tmp_path / "det.csv", scored=True)


def test_missing_and_binary_files_are_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"no\.csv: file not found"):
        read_ava_csv(tmp_path / "no.csv", scored=True)
    (tmp_path / "bad.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(AnnotationError, match=r"bad\.csv: not a readable CSV file"):
        read_ava_csv(tmp_path / "bad.csv", scored=True)


def test_an_empty_file_has_no_rows(tmp_path):
    (tmp_path / "det.csv").write_text("")
    assert len(read_ava_csv(tmp_path / "det.csv", scored=True).video) == 0


def test_both_kinds_of_class_lists_are_read(tmp_path):
    (tmp_path / "a.pbtxt").write_text(
        'item {\n  name: "bend/bow (at the waist)"\n  id: 1\n}\nitem { name: "sit" id: 11 }\n'
    )
    (tmp_path / "b.pbtxt").write_text('label {\n  name: "crawl"\n  label_id: 2\n  label_type: PERSON_MOVEMENT\n}\n')
    assert read_class_list(tmp_path / "a.pbtxt") == {1: "bend/bow (at the waist)", 11: "sit"}
    assert read_class_list(tmp_path / "b.pbtxt") == {2: "crawl"}
    (tmp_path / "c.pbtxt").write_text("nothing")
    with pytest.raises(AnnotationError, match=r"c\.pbtxt: expected blocks with name: and id: .* found none"):
        read_class_list(tmp_path / "c.pbtxt")


def test_excluded_timestamps_are_numbers(tmp_path):
    (tmp_path / "ex.csv").write_text("v0,0902\nv9,1000\n")
    (tmp_path / "gt.csv").write_text("v0,902,0,0,1,1,4,1\nv0,903,0,0,1,1,4,1\nv1,902,0,0,1,1,4,1\n")
    left = without(read_ava_csv(tmp_path / "gt.csv", scored=False), read_excluded(tmp_path / "ex.csv"))
    assert list(zip(left.video.tolist(), left.seconds.tolist(), strict=True)) == [(0, 903), (1, 902)]
    (tmp_path / "ex.csv").write_text("v0,0902\nv9\n")
    with pytest.raises(AnnotationError, match=r"ex\.csv: row 2: expected video_id,timestamp, got v9"):
        read_excluded(tmp_path / "ex.csv")
