import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.simple_csv import read_simple_csv
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def read(tmp_path):
    write_video(tmp_path / "videos" / "a.mp4", pictures(4, 0))

    videos = VideoFolder(tmp_path / "videos")

    def reader(text, **options):
        (tmp_path / "boxes.csv").write_text(text)
        return read_simple_csv(tmp_path / "boxes.csv", videos, ImportOptions(**options))

    return reader


def test_columns_have_many_names_and_orders(read):
    found = read("class;filename;frame_id;xmin;ymin;w;h;person_id;note\njump;videos/a.mp4;3;1;2;10;20;7;x\n")
    assert [tuple(row) for row in found.rows] == [("a", 3, (1, 2, 11, 22), "jump", "7")]
    assert found.classes == ("jump",)


def test_tracks_may_be_missing_and_frames_count_from_one(read):
    (row,) = read("video,frame,x1,y1,x2,y2,label\na,1,1,2,3,4,sit\n", first_frame=1).rows
    assert (row.frame, row.track) == (0, "")


def test_fractions_become_pixels(read):
    found = read("video,frame,x1,y1,x2,y2,label\na,0,0,0.5,0.25,1,sit\n")
    assert found.rows[0].box == (0, 24, 16, 48) and "fractions" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"boxes\.csv, row 1: expected a header .*, got nothing: add video, frame"),
        ("video,frame,x1,y1,label\n", r"add x2, y2 \(or width, height\)"),
        ("video,frame,x1,y1,x2,y2,label\na,0,1,2\n", "row 2: expected at least 7 fields, got 4"),
        (
            "video,frame,x1,y1,x2,y2,label\na,two,1,2,3,4,sit\n",
            "row 2: frame: expected a whole number of at least 0, got 'two'",
        ),
        ("video,frame,x1,y1,x2,y2,label\na,0,5,2,3,4,sit\n", "row 2: expected x1 < x2 and y1 < y2, got 5,2,3,4"),
        ("video,frame,x1,y1,x2,y2,label\na,0,nan,2,3,4,sit\n", "row 2: expected four finite numbers"),
        ("video,frame,x1,y1,x2,y2,label\na,0,1,2,3,4,\n", "row 2: label: expected a class name"),
        ("video,frame,x1,y1,x2,y2,label\nz,0,1,2,3,4,sit\n", "row 2: .* has no video 'z'; there are 1, such as 'a'"),
    ],
)
def test_damage_is_named(read, text, words):
    with pytest.raises(AnnotationError, match=words):
        read(text)


HEADER = "video,frame,x1,y1,x2,y2,score,label,track\n"


def test_the_table_of_detections_is_read_box_for_box_and_low_scores_may_be_left_out(read):
    text = HEADER + "a,0,1.25,2.00,11.75,22.50,0.900000,jump,3\na,1,1.50,2.00,11.75,22.50,0.100000,sit,3\n"
    found = read(text)
    assert [tuple(row) for row in found.rows] == [
        ("a", 0, (1.25, 2, 11.75, 22.5), "jump", "3"), ("a", 1, (1.5, 2, 11.75, 22.5), "sit", "3"),
    ]  # fmt: skip
    found = read(text, min_score=0.5)
    assert [row.label for row in found.rows] == ["jump"] and "score below 0.5" in found.notes[0]
    with pytest.raises(AnnotationError, match="row 2: score: expected a number, got 'high'"):
        read(HEADER + "a,0,1,2,11,22,high,jump,3\n", min_score=0.5)
    with pytest.raises(AnnotationError, match="row 1: --min-score needs a column score"):
        read("video,frame,x1,y1,x2,y2,label\na,0,1,2,3,4,sit\n", min_score=0.5)


def test_centres_are_known_by_their_columns_or_asked_for(read):
    text = "video,frame,{},{},w,h,class\na,0,0.5,0.5,0.25,0.5,sit\n"
    for names in (("cx", "cy"), ("x_center", "y_center"), ("X Centre", "Y Centre")):
        assert read(text.format(*names)).rows[0].box == (24, 12, 40, 36)
    assert read(text.format("x", "y")).rows[0].box == (32, 24, 48, 48)
    assert read(text.format("x", "y"), boxes="cxcywh").rows[0].box == (24, 12, 40, 36)
    assert read(text.format("left", "top"), boxes="cxcywh", units="fractions").rows[0].box == (24, 12, 40, 36)


def test_numbers_of_classes_get_their_names(read):
    text = "video,frame,x1,y1,x2,y2,label\na,0,1,2,3,4,{}\na,0,1,2,3,4,2\n"
    found = read(text.format(1), classes=("sit", "jump", "run"))
    assert [row.label for row in found.rows] == ["sit", "jump"] and found.classes == ("sit", "jump", "run")
    assert [row.label for row in read(text.format(0), classes=("sit", "jump", "run")).rows] == ["sit", "run"]


def test_all_damage_is_one_list(read):
    text = "video,frame,x1,y1,x2,y2,label\na,0,1,2,3,wide,sit\nz,0,1,2,3,4,sit\nz,1,1,2,3,4,sit\na,x,1,2,3,4,sit\n"
    with pytest.raises(AnnotationError, match=r"(?s)3 problems.*row 2: .*row 3: .*row 5: "):
        read(text + "a,0,1,2,3,4,sit\n")
