import pytest

from tests.make_data import TEST_VIDEOS, VIDEOS, ucf24_archive
from yowo.datasets.ucf24_frames import FrameArchive
from yowo.errors import AnnotationError, DatasetError

CLASSES = ["Basketball", "BasketballDunk", "Biking"]


@pytest.fixture
def archive(tmp_path):
    return FrameArchive(ucf24_archive(tmp_path), CLASSES, (320, 240))


def test_the_lists_name_the_videos_of_a_split(archive):
    assert archive.names("val", None) == sorted(TEST_VIDEOS)
    assert archive.names("train", "all") == sorted(VIDEOS)


def test_frames_are_counted_in_the_folders(archive):
    assert {v.name: v.num_frames for v in archive.videos(list(VIDEOS), {})} == {n: f for n, (f, _) in VIDEOS.items()}
    assert archive.videos(["Biking/gone"], {}) == []


def test_lists_written_on_windows_are_read(archive):
    path = archive.root / "testlist.txt"
    path.write_text(path.read_text().replace("/", "\\"))
    assert len(archive.key_frames("val", None)) == 26


def test_a_missing_list_label_or_number_is_named(archive):
    (archive.root / "labels" / TEST_VIDEOS[0] / "00003.txt").unlink()
    with pytest.raises(AnnotationError, match=r"00003\.txt: the label file is listed but does not exist"):
        archive.key_frames("val", None)
    (archive.root / "testlist.txt").write_text("labels/Biking/v_Biking_g01_c01/last.txt\n")
    with pytest.raises(AnnotationError, match=r"last\.txt: expected a file named by its frame number"):
        archive.key_frames("val", None)
    (archive.root / "testlist.txt").unlink()
    with pytest.raises(DatasetError, match=r"testlist\.txt: expected a list with one row .* does not exist"):
        archive.key_frames("val", None)


def test_key_frames_go_by_the_numbers_of_the_pictures(archive, caplog):
    """Where a picture is lost its key frame is lost too, and the others stay on their own pictures."""
    name = TEST_VIDEOS[0]
    before = archive.key_frames("val", None)
    (archive.root / "rgb-images" / name / "00005.jpg").unlink()
    after = FrameArchive(archive.root, CLASSES, (320, 240)).key_frames("val", None)
    numbers = [key.frame + 1 for key in before if key.video == name]
    moved = [number - 1 - (number > 5) for number in numbers if number != 5]
    assert 5 in numbers and [key.frame for key in after if key.video == name] == moved
    assert "1 key frames have no picture" in caplog.text and f"labels/{name}/00005.txt" in caplog.text

    for picture in (archive.root / "rgb-images").rglob("*.jpg"):
        picture.rename(picture.with_name(f"1{picture.name}"))
    with pytest.raises(DatasetError, match="none of the 26 val key frames has a picture of its number"):
        FrameArchive(archive.root, CLASSES, (320, 240)).key_frames("val", None)
