import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.simple_csv import read_simple_csv
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def read(tmp_path):
    write_video(tmp_path / "videos" / "a.mp4", pictures(4, 0))

    def reader(text, **options):
        (tmp_path / "boxes.csv").write_text(text)
        return read_simple_csv(tmp_path / "boxes.csv", VideoFolder(tmp_path / "videos"), ImportOptions(**options))

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
        ("video,frame,x1,y1,x2,y2,label\na,0,nan,2,3,4,sit\n", "row 2: expected x1 < x2"),
        ("video,frame,x1,y1,x2,y2,label\na,0,1,2,3,4,\n", "row 2: label: expected a class name"),
        ("video,frame,x1,y1,x2,y2,label\nz,0,1,2,3,4,sit\n", "row 2: .* has no video 'z'; there are 1, such as 'a'"),
    ],
)
def test_damage_is_named(read, text, words):
    with pytest.raises(AnnotationError, match=words):
        read(text)
