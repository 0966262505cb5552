import pytest
from PIL import Image

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


@pytest.fixture
def read_pictures(tmp_path, quick_probe):
    (tmp_path / "stills" / "walk").mkdir(parents=True)
    for number in (3, 4, 8):
        Image.new("RGB", (64, 48)).save(tmp_path / "stills" / "walk" / f"{number:04d}.jpg")

    def reader(text):
        (tmp_path / "boxes.csv").write_text(text)
        return read_simple_csv(tmp_path / "boxes.csv", VideoFolder(tmp_path / "stills"), ImportOptions())

    return reader


@pytest.mark.parametrize(
    "text",
    [
        "filename,width,height,class,xmin,ymin,xmax,ymax\nwalk/0008.jpg,64,48,run,1,2,30,40\n",
        "image,x1,y1,x2,y2,label\nwalk\\0008.jpg,1,2,30,40,run\n",
        "video,frame,x1,y1,x2,y2,label\nwalk,0008.png,1,2,30,40,run\n",
        "video,image_name,x1,y1,x2,y2,label\nwalk,set/walk/0008.jpg,1,2,30,40,run\n",
        "video,frame,x1,y1,x2,y2,label\nwalk,2,1,2,30,40,run\n",
    ],
)
def test_pictures_may_be_named_in_place_of_a_frame(read_pictures, text):
    (row,) = read_pictures(text).rows
    assert tuple(row) == ("walk", 2, (1, 2, 30, 40), "run", "")


def test_rows_on_pictures_that_are_not_there_are_counted(read_pictures):
    found = read_pictures("image,x1,y1,x2,y2,label\nwalk/0003.jpg,1,2,30,40,run\nwalk/0005.jpg,1,2,30,40,run\n")
    assert [row.frame for row in found.rows] == [0]
    assert "1 boxes are on pictures that are not there" in found.notes[0] and "row 3" in found.notes[0]
    with pytest.raises(AnnotationError, match=r"row 2: expected a column frame, or names of pictures, got 'walk'"):
        read_pictures("filename,x1,y1,x2,y2,label\nwalk,1,2,30,40,run\n")
    with pytest.raises(AnnotationError, match="add frame"):
        read_pictures("video,x1,y1,x2,y2,label\nwalk,1,2,30,40,run\n")
