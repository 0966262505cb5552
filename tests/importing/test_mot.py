import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.mot import read_mot
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def videos(tmp_path):
    for seed, name in enumerate("ab"):
        write_video(tmp_path / "videos" / f"{name}.mp4", pictures(4, seed))
    return VideoFolder(tmp_path / "videos")


def test_folders_with_a_list_of_labels_are_read(tmp_path, videos):
    (tmp_path / "b" / "gt").mkdir(parents=True)
    (tmp_path / "b" / "gt" / "gt.txt").write_text("1,4,10,5,20,30,1,2,1.0\n3,4,11,5,20,30,0,2,1.0\n4,5,1,2,3,4,1,1,1\n")
    (tmp_path / "b" / "gt" / "labels.txt").write_text("sit\njump\n")
    found = read_mot(tmp_path, videos, ImportOptions())
    assert [tuple(row) for row in found.rows] == [
        ("b", 0, (10, 5, 30, 35), "jump", "4"),
        ("b", 3, (1, 2, 4, 6), "sit", "5"),
    ]
    assert found.classes == ("sit", "jump") and found.notes[0].startswith(
        "1 boxes with confidence 0 were skipped; the first: "
    )


def test_a_file_is_called_as_its_video(tmp_path, videos):
    (tmp_path / "a.txt").write_text("2,1,0,0,5,5\n")
    (row,) = read_mot(tmp_path / "a.txt", videos, ImportOptions()).rows
    assert tuple(row) == ("a", 1, (0, 0, 5, 5), "person", "1")
    (row,) = read_mot(tmp_path / "a.txt", videos, ImportOptions(classes=("fall",), first_frame=0)).rows
    assert (row.frame, row.label) == (2, "fall")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3\n", r"a\.txt, row 1: expected frame,id,left,top,width,height, got 1,2,3"),
        ("0,1,0,0,5,5\n", "row 1: frame: expected a whole number of at least 1, got '0'"),
        ("1,1,0,0,-2,5\n", "row 1: expected x1 < x2"),
        ("1,1,0,0,5,5,sure\n", "row 1: confidence: expected a number, got 'sure'"),
        ("1,1\n1,1,0,0,5,wide\n", r"(?s)2 problems.*row 1: .*row 2: expected four numbers"),
        ("1,1,0,0,5,5,1,3\n", "row 1: class 3 has no name; give --classes FILE"),
    ],
)
def test_damage_is_named(tmp_path, videos, text, words):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(AnnotationError, match=words):
        read_mot(tmp_path / "a.txt", videos, ImportOptions())


def test_unknown_numbers_of_classes_and_nothing_at_all_are_named(tmp_path, videos):
    (tmp_path / "a.txt").write_text("1,1,0,0,5,5,1,3\n")
    with pytest.raises(AnnotationError, match="class: expected 1 to 2, got '3'"):
        read_mot(tmp_path / "a.txt", videos, ImportOptions(classes=("x", "y")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationError, match=r"expected <video>/gt/gt\.txt or <video>\.txt, found none"):
        read_mot(tmp_path / "empty", videos, ImportOptions())


def test_numbers_are_those_of_the_pictures_in_the_layout_of_mot(tmp_path, quick_probe):
    for name in ("film", "other"):
        (tmp_path / name / "img1").mkdir(parents=True)
        for number in (1, 2, 3, 6):
            Image.new("RGB", (64, 48)).save(tmp_path / name / "img1" / f"{number:06d}.jpg")
        (tmp_path / name / "gt").mkdir()
        (tmp_path / name / "gt" / "gt.txt").write_text("3,1,10,5,20,30\n5,1,10,5,20,30\n6,1,10,5,20,30\n")
    found = read_mot(tmp_path, VideoFolder(tmp_path), ImportOptions())
    assert [(row.video, row.frame) for row in found.rows] == [
        ("film/img1", 2), ("film/img1", 3), ("other/img1", 2), ("other/img1", 3),
    ]  # fmt: skip
    assert "2 boxes are on pictures that are not there" in found.notes[0] and "number 5" in found.notes[0]
