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
