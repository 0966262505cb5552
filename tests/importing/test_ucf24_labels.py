import pytest

from tests.make_data import ucf24_archive
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.ucf24_labels import read_ucf24_labels
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def archive(tmp_path):
    return ucf24_archive(tmp_path)


def test_boxes_of_the_archive_are_read_on_their_frames(archive):
    classes = tuple(f"c{number}" for number in range(24))
    found = read_ucf24_labels(archive, VideoFolder(archive / "rgb-images"), ImportOptions(classes=classes))
    first = [row for row in found.rows if row.video == "Basketball/v_Basketball_g01_c01"]
    assert [row.frame for row in first] == list(range(2, 12)) and {row.label for row in first} == {"c0"}
    assert first[0].box == (35, 30, 115, 150)


def test_folders_name_the_classes_if_the_numbers_agree(archive):
    videos = VideoFolder(archive / "rgb-images")
    with pytest.raises(AnnotationError, match="class: expected 1 to 2, got 3; name the classes with --classes"):
        read_ucf24_labels(archive / "labels", videos, ImportOptions())
    for path in (archive / "labels" / "Biking").rglob("*.txt"):
        path.write_text("\n".join("2" + line[1:] for line in path.read_text().splitlines()))
    found = read_ucf24_labels(archive / "labels", videos, ImportOptions())
    assert found.classes == ("Basketball", "Biking")


def test_damage_is_named(archive, tmp_path):
    videos = VideoFolder(archive / "rgb-images")
    path = next((archive / "labels").rglob("*.txt"))
    path.write_text("1 2 3\n")
    with pytest.raises(AnnotationError, match="row 1: expected class x1 y1 x2 y2, got '1 2 3'"):
        read_ucf24_labels(archive, videos, ImportOptions())
    with pytest.raises(AnnotationError, match=r"expected files labels/<Class>/<video>/00001\.txt, found none"):
        read_ucf24_labels(archive / "rgb-images", videos, ImportOptions())


def test_centred_fractions_with_classes_from_zero_may_be_read(archive):
    """The label files of YOLO."""
    videos = VideoFolder(archive / "rgb-images")
    for path in (archive / "labels").rglob("*.txt"):
        path.write_text("0 0.5 0.5 0.25 0.1\n")
    with pytest.raises(AnnotationError, match=r"row 1: expected x1 < x2.*--boxes cxcywh"):
        read_ucf24_labels(archive, videos, ImportOptions())
    found = read_ucf24_labels(archive, videos, ImportOptions(boxes="cxcywh"))
    assert found.rows[0].box == pytest.approx((24, 21.6, 40, 26.4)) and found.rows[0].label == "Basketball"


def test_label_files_go_with_the_pictures_of_their_names(archive):
    """A lost picture takes its boxes with it and moves no others; names need not be numbers alone."""
    name = "Basketball/v_Basketball_g01_c01"
    (archive / "rgb-images" / name / "00005.jpg").unlink()
    classes = tuple(f"c{number}" for number in range(24))
    found = read_ucf24_labels(archive, VideoFolder(archive / "rgb-images"), ImportOptions(classes=classes))
    frames = [row.frame for row in found.rows if row.video == name]
    assert frames == [2, 3, *range(4, 11)]  # 00003, 00004, 00006 to 00012
    assert any("1 boxes are on pictures that are not there" in n and "00005" in n for n in found.notes)
    for folder in ("rgb-images", "labels"):
        for path in (archive / folder / name).iterdir():
            path.rename(path.with_name(f"seen_{path.stem}_x{path.suffix}"))
    again = read_ucf24_labels(archive, VideoFolder(archive / "rgb-images"), ImportOptions(classes=classes))
    assert [row.frame for row in again.rows if row.video == name] == frames
