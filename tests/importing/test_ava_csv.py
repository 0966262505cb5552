import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.ava_csv import read_ava_csv_rows
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def read(tmp_path):
    write_video(tmp_path / "videos" / "film.mp4", pictures(60, 0), fps=24)

    videos = VideoFolder(tmp_path / "videos")

    def reader(text, **options):
        (tmp_path / "rows.csv").write_text(text)
        return read_ava_csv_rows(tmp_path / "rows.csv", videos, ImportOptions(**options))

    return reader


def test_seconds_become_the_frames_shown_then_and_fractions_pixels(read):
    found = read("film,0901,0.25,0,0.5,1,12,3\nfilm,0901,0.25,0,0.5,1,17,3\nfilm,0902,0,0,1,1,12,3\n", start_second=900)
    assert [(row.frame, row.label, row.track) for row in found.rows] == [
        (24, "stand", "3"), (24, "carry/hold (an object)", "3"), (48, "stand", "3"),
    ]  # fmt: skip
    assert found.rows[0].box == (16, 0, 32, 48)
    assert found.classes == ("stand", "carry/hold (an object)")


def test_a_label_map_beside_the_file_or_given_names_the_classes(read, tmp_path):
    (tmp_path / "map.pbtxt").write_text('item { name: "fall" id: 2 }\nitem { name: "sit" id: 5 }')
    text = "video,second,x1,y1,x2,y2,action,person\nfilm,1,0,0,1,1,5\nfilm,2\n"
    found = read(text)
    assert [(row.label, row.track) for row in found.rows] == [("sit", "")] and found.classes == ("sit",)
    assert read(text, classes=("a", "b", "c", "d", "e")).classes == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("film,1,0,0,1,1", r"rows\.csv, row 1: expected video,second,x1,y1,x2,y2,action_id"),
        ("film,1,0,0,1,1,99", "row 1: action_id: expected one of 80 ids, got '99'; see --classes"),
        ("film,1,0,0,1.5,1,12", "row 1: box: expected fractions of the picture"),
        ("film,1,0.5,0,0.4,1,12", "row 1: expected x1 < x2"),
        ("film,1,35,20,60,44,12", "row 1: box: expected fractions .* got 35,20,60,44; .*--units pixels"),
        ("film,902,0,0,1,1,12", "row 1: expected a time within film, 0 to 2.5 s, got 902 s: set --start-second"),
        ("other,1,0,0,1,1,12", "has no video 'other'"),
    ],
)
def test_damage_is_named(read, row, words):
    with pytest.raises(AnnotationError, match=words):
        read(row + "\n")


def test_harmless_rows_are_clipped_or_left_out_and_all_damage_is_one_list(read):
    found = read("film,1,-0.001,0,0.5,1.001,12,1\nfilm,1,0.5,0,0.5,1,12,2\n")
    assert [row.box for row in found.rows] == [pytest.approx((-0.064, 0, 32, 48.048))]
    assert found.notes[0].startswith("1 boxes have no area and were left out") and "row 2: 32,0,32,48" in found.notes[0]
    with pytest.raises(AnnotationError, match=r"(?s)5 problems.*row 1: .*row 2: .*row 3: .*row 4: .*row 5: "):
        read("film,1,0,0,1,1,99\nfilm,1,0,0,wide,1,12\nother,1,0,0,1,1,12\nfilm,99,0,0,1,1,12\nfilm,1,0,nan,1,1,12\n")


def test_boxes_in_pixels_may_be_asked_for(read):
    assert read("film,1,35,20,60,44,12\n", units="pixels").rows[0].box == (35, 20, 60, 44)
