import numpy as np

from tests.ava_cases import random_rows, write_rows
from yowo.datasets.ava_annotation import of_videos, read_ava_csv
from yowo.evaluation.ava_files import frame_numbers, write_ava_csv


def test_written_rows_are_read_back(tmp_path):
    detections, _ = random_rows(1)
    rows = read_ava_csv(write_rows(tmp_path / "det.csv", detections, scored=True), scored=True)
    write_ava_csv(tmp_path / "again.csv", rows)
    again = read_ava_csv(tmp_path / "again.csv", scored=True)
    assert again.videos == rows.videos and np.array_equal(again.labels, rows.labels)
    assert np.allclose(again.boxes_norm, rows.boxes_norm, atol=1e-5)


def test_frames_are_numbered_alike_in_both_tables(tmp_path):
    (tmp_path / "gt.csv").write_text("b,902,0,0,1,1,4,1\na,0903,0,0,1,1,4,1\na,903.0,0,0,1,1,4,1\n")
    (tmp_path / "det.csv").write_text("a,903,0,0,1,1,4,1\na,902,0,0,1,1,4,1\nb,0902,0,0,1,1,4,1\n")
    truth, found = (read_ava_csv(tmp_path / name, scored=False) for name in ("gt.csv", "det.csv"))
    numbers = frame_numbers(truth, found)
    assert numbers[0].tolist() == [2, 1, 1] and numbers[1].tolist() == [1, 0, 2]
    assert of_videos(found, {"b"}).seconds.tolist() == [902]
