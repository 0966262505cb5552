import csv

import numpy as np

from tests.inference.outputs.made_frames import facts, tracked, written
from yowo.inference.outputs.tube_table_output import GONE, TubeTableOutput

NONE = np.zeros(0, np.int64)


def table(path):
    return list(csv.DictReader(path.open(newline="")))


def test_a_tube_is_a_row_with_who_what_when_and_where(tmp_path):
    frames = [
        tracked(0, [((0, 0, 10, 10), 0.9, 2, 0, 0)]),
        tracked(1, [((0, 0, 10, 20), 0.5, 1, 7, 2), ((50, 50, 60, 60), 0.8, 0, 3, 1)]),
        tracked(2, [((2, 0, 10, 20), 0.7, 1, 7, 2)]),
        tracked(3, [((2, 0, 10, 20), 0, 1, 7, 2)])._replace(rows=tracked(3, []).rows, tracks=NONE, people=NONE),
        tracked(4, [((4, 0, 10, 20), 0.9, 1, 7, 2)]),
    ]
    output = written(TubeTableOutput(tmp_path / "a.csv", facts(5)), frames)
    assert (tmp_path / "a.csv").read_text() == (
        "video,track,person,label,start,end,start_seconds,end_seconds,score,detections,mean_score,x1,y1,x2,y2\n"
        "match,7,2,jump & roll,1,4,0.040,0.160,0.750000,3,0.700000,2.00,0.00,10.00,20.00\n"
        "match,3,1,run,1,1,0.040,0.040,0.750000,1,0.800000,50.00,50.00,60.00,60.00\n"
    )
    assert output.kept() == f"tubes: {tmp_path}/a.csv"


def test_tubes_that_have_ended_are_written_while_others_go_on(tmp_path):
    output = TubeTableOutput(tmp_path / "a.csv", facts())
    box = (0, 0, 10, 10)
    for frame in range(GONE + 12):
        output.write(tracked(frame, [(box, 0.5, 0, 1, 1), *([(box, 0.5, 1, 2, 2)] if frame < 10 else [])]))
        written_yet = [row["track"] for row in table(tmp_path / "a.csv")]
        assert written_yet == (["2"] if frame > 9 + GONE else [])
    output.close()  # as after an error
    assert [row["end"] for row in table(tmp_path / "a.csv")] == ["9"]


def test_a_video_without_tubes_has_a_table_without_rows(tmp_path):
    written(TubeTableOutput(tmp_path / "a.csv", facts(2)), [tracked(0, []), tracked(1, [])])
    assert table(tmp_path / "a.csv") == []
