import csv

import pytest

from tests.make_data import pictures
from yowo.errors import YowoError
from yowo.evaluation.detections_csv import DetectionsCsv
from yowo.importing.annotated import ImportOptions
from yowo.importing.simple_csv import read_simple_csv
from yowo.video.video_folder import VideoFolder
from yowo.video.writer import VideoWriter


def test_the_table_names_classes_and_counts_frames_from_0(tmp_path):
    path = tmp_path / "det.csv"
    with DetectionsCsv(path, "match, first half", ["run", "jump"]) as table:
        table.write(0, [])
        table.write(1, [((0.0, 60.0, 160.004, 240.0), 0.75, 1, 3), ((32.0, 24.0, 64.0, 48.0), 0.125, 0, None)])
    assert table.rows == 2
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["video", "frame", "x1", "y1", "x2", "y2", "score", "label", "track"],
            ["match, first half", "1", "0.00", "60.00", "160.00", "240.00", "0.750000", "jump", "3"],
            ["match, first half", "1", "32.00", "24.00", "64.00", "48.00", "0.125000", "run", ""],
        ]


def test_a_frame_is_in_the_file_when_it_is_written_and_stays_after_an_error(tmp_path):
    path = tmp_path / "det.csv"
    with pytest.raises(RuntimeError, match="stop"), DetectionsCsv(path, "a", ["run"]) as table:
        table.write(7, [((1.0, 2.0, 3.0, 4.0), 0.5, 0, None)])
        assert path.read_text().splitlines()[1:] == ["a,7,1.00,2.00,3.00,4.00,0.500000,run,"]
        raise RuntimeError("stop")
    assert len(path.read_text().splitlines()) == 2


def test_a_full_disk_is_one_line():
    with pytest.raises(YowoError, match=r"^/dev/full: cannot be written \(No space left on device\); 0 rows are in it"):
        DetectionsCsv("/dev/full", "a", ["run"])


def test_the_table_is_imported_again_box_for_box(tmp_path):
    (tmp_path / "videos").mkdir()
    with VideoWriter(tmp_path / "videos" / "a.mp4", 25, (64, 48)) as writer:
        for picture in pictures(3, 0):
            writer.write(picture)
    with DetectionsCsv(tmp_path / "det.csv", "a", ["run", "jump"]) as table:
        table.write(0, [((1.25, 2.0, 30.5, 40.75), 0.9, 1, 4)])
        table.write(2, [((0.0, 0.0, 64.0, 48.0), 0.1, 0, None)])
    read = read_simple_csv(tmp_path / "det.csv", VideoFolder(tmp_path / "videos"), ImportOptions())
    assert [(row.video, row.frame, row.box, row.label, row.track) for row in read.rows] == [
        ("a", 0, (1.25, 2.0, 30.5, 40.75), "jump", "4"),
        ("a", 2, (0.0, 0.0, 64.0, 48.0), "run", ""),
    ]
