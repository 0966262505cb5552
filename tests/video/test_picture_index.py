import unicodedata

import pytest

from yowo.errors import AnnotationError
from yowo.video.picture_index import PictureFolder, PictureIndex, Place


@pytest.fixture
def index(tmp_path):
    """Two videos with pictures of the same names, one with others, and a video file."""
    files = {
        "a": ("frame_000000.png", "frame_000005.png", "frame_000010.png"),
        "far/b": ("frame_000005.png", "frame_000010.png"),
        "c/img1": ("walk_7.jpg", "walk_8.jpg", "caf\u00e9_9.jpg"),
    }
    for folder, names in files.items():
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / folder / name).touch()
    (tmp_path / "film.mp4").touch()
    return PictureIndex(tmp_path, {name: tmp_path / name for name in (*files, "film.mp4")})


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("a/frame_000005.png", Place("a", 1)),
        ("far\\b\\frame_000005.PNG", Place("far/b", 0)),
        ("data/b/frame_000010", Place("far/b", 1)),
        ("a/frame_000010.jpg", Place("a", 2)),
        ("walk_8.jpg", Place("c/img1", 2)),
        ("c/walk_7.jpg", Place("c/img1", 1)),
        ("x/Walk_7.JPG", Place("c/img1", 1)),
        ("images/frame_000000.png", None),
        ("frame_000000.png", Place("a", 0)),
        (unicodedata.normalize("NFD", "c/caf\u00e9_9.jpg"), Place("c/img1", 0)),
    ],
)
def test_the_name_of_a_picture_and_its_folders_tell_the_frame(index, named, place):
    if place is None:  # every video may have a picture of this name, and no folder of this name is there
        with pytest.raises(AnnotationError, match=r"has no picture 'images/frame_000000\.png'"):
            index.find(named, "here")
    else:
        assert index.find(named, "here") == place


def test_a_picture_that_is_not_there_is_not_another_one(index):
    with pytest.raises(AnnotationError, match=r"row 3: .* has no picture 'a/frame_000001\.png'"):
        index.find("a/frame_000001.png", "row 3")
    with pytest.raises(AnnotationError, match=r"picture 'frame_000010\.png' may be of a or far/b; name its folder"):
        index.find("frame_000010.png", "row 3")
    assert "film.mp4" not in index and "a" in index
    assert index.path(Place("c/img1", 2)).name == "walk_8.jpg"


def test_a_folder_with_gaps_knows_its_numbers_but_is_not_gapless(tmp_path):
    for number in (3, 4, 7):
        (tmp_path / f"x2_{number:03d}.jpg").touch()
    folder = PictureFolder(tmp_path)
    assert [folder.numbered(number) for number in (3, 5, 7)] == [0, None, 2]
    assert not folder.gapless
    (tmp_path / "x2_007.jpg").rename(tmp_path / "x2_5.jpg")
    assert PictureFolder(tmp_path).gapless


def test_repeated_numbers_tell_no_picture(tmp_path):
    for name in ("a_1.jpg", "b_1.jpg"):
        (tmp_path / name).touch()
    folder = PictureFolder(tmp_path)
    assert folder.numbered(1) is None and folder.named("b_1") == 1
