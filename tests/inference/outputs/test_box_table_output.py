import csv

from tests.inference.outputs.made_frames import facts, tracked, written
from tests.make_data import pictures, write_video
from yowo.importing.annotated import ImportOptions
from yowo.importing.simple_csv import read_simple_csv
from yowo.inference.outputs.box_table_output import BoxTableOutput
from yowo.video.video_folder import VideoFolder

FRAMES = [
    tracked(0, [((1, 2.004, 30, 40), 0.5, 1, 7, 2), ((1, 2, 30, 40), 0.25, 0, 0, 0)]),
    tracked(1, []),
    tracked(2, [((3, 4, 30, 40), 1 / 3, 2, 8, 2)]),
]


def test_rows_are_in_the_file_as_soon_as_they_are_written(tmp_path):
    output = BoxTableOutput(tmp_path / "a.csv", facts(3))
    output.write(FRAMES[0])
    assert (tmp_path / "a.csv").read_text() == (
        "video,frame,x1,y1,x2,y2,score,label,track,person\n"
        "match,0,1.00,2.00,30.00,40.00,0.500000,jump & roll,7,2\n"
        "match,0,1.00,2.00,30.00,40.00,0.250000,run,,\n"
    )
    output.close()
    assert output.rows == 2 and output.kept() == f"detections: {tmp_path}/a.csv"


def test_the_table_can_be_imported(tmp_path):
    write_video(tmp_path / "match.mp4", pictures(3, 0))
    written(BoxTableOutput(tmp_path / "a.csv", facts(3)), FRAMES)
    read = read_simple_csv(tmp_path / "a.csv", VideoFolder(tmp_path), ImportOptions())
    assert [(row.video, row.frame, row.label, row.track) for row in read.rows] == [
        ("match", 0, "jump & roll", "7"),
        ("match", 0, "run", ""),
        ("match", 2, 'say "no"', "8"),
    ]


def test_names_with_commas_quotes_and_other_letters_come_back(tmp_path):
    odd = facts(1, classes=("a, b", 'say "no"', "бег"), name="матч, 1")
    written(
        BoxTableOutput(tmp_path / "a.csv", odd), [tracked(0, [((1, 2, 3, 4), 0.5, label, 0, 0) for label in range(3)])]
    )
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert [(row["video"], row["label"]) for row in rows] == [("матч, 1", name) for name in odd.classes]
