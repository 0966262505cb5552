import numpy as np
import pytest
from PIL import Image

from yowo.errors import AnnotationError
from yowo.importing.annotated import Place as Origin
from yowo.importing.collecting import Collector
from yowo.importing.picture_frames import PictureFrames, placed_rows, rows_on_pictures, shown_box, turned_box
from yowo.projects.table import TableRow
from yowo.video.picture_index import Place
from yowo.video.probe import VideoInfo
from yowo.video.video_folder import VideoFolder


def folder_of(root, names):
    """Pictures by folder, none of which is opened."""
    for folder, files in names.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for file in files:
            (root / folder / file).touch()
    return VideoFolder(root)


@pytest.fixture
def videos(tmp_path):
    gaps = [f"frame_{number:06d}.png" for number in range(0, 50, 5)]
    return folder_of(tmp_path, {"a": gaps, "b": [f"{number:05d}.jpg" for number in range(7, 17)]})


def places(videos, *named, first_frame=None):
    collector = Collector()
    frames = PictureFrames(videos, first_frame, collector)
    for name in named:
        frames.add(name, name, "here")
    found = frames.places("source")
    return [found.get(name) for name in named], frames.lost, collector.annotated([]).notes


def test_file_names_tell_frames_through_gaps_and_without_a_guess(videos):
    found, lost, notes = places(videos, "a/frame_000000.png", "x/a/frame_000045.png", "b\\00009.jpg", "a/frame_000020")
    assert found == [Place("a", 0), Place("a", 9), Place("b", 2), Place("a", 4)]
    assert not lost and not notes


def test_a_picture_that_is_not_there_is_lost_and_takes_no_other_place(videos):
    found, lost, _ = places(videos, "a/frame_000005.png", "a/frame_000006.png")
    assert found == [Place("a", 1), None]
    assert (
        list(lost) == ["a/frame_000006.png"] and "frame_000006.png: there is no such picture" in lost[next(iter(lost))]
    )


def test_other_names_with_the_same_numbers_are_found_by_number(videos):
    found, lost, notes = places(videos, "a/img_10.jpg", "a_45.jpg", "a/7.jpg")
    assert found == [Place("a", 2), Place("a", 9), None] and list(lost) == ["a/7.jpg"] and not notes


def test_pictures_that_were_numbered_anew_without_gaps_are_counted_and_that_is_said(videos):
    found, lost, notes = places(videos, "b/frame_000000.png", "b/frame_000009.png", "b/frame_000010.png")
    assert found == [Place("b", 0), Place("b", 9), None] and len(lost) == 1
    assert notes == ["source: assumed that frame numbers in file names start at 0; see --first-frame"]
    assert places(videos, "b/img1.png", first_frame=1)[0] == [Place("b", 0)]


def test_numbers_of_a_video_file_are_its_frames(tmp_path, monkeypatch):
    monkeypatch.setattr("yowo.video.video_folder.is_video_file", lambda path: path.suffix == ".mp4")
    videos = folder_of(tmp_path, {"far": ["film.mp4"], ".": ["other.mp4"]})
    assert places(videos, "film/000003.jpg", "film_0001.jpg")[0] == [Place("far/film", 2), Place("far/film", 0)]
    assert places(videos, "film/0.jpg", "other_3.jpg")[0] == [Place("far/film", 0), Place("other", 3)]
    assert places(videos, "film/000003.jpg", first_frame=0)[0] == [Place("far/film", 3)]
    found, lost, _ = places(videos, "film/0.jpg", first_frame=1)
    assert found == [None] and "expected a number of at least 1" in lost["film/0.jpg"]


def test_an_unknown_video_is_named(videos):
    with pytest.raises(AnnotationError, match=r"here: .* has no video 'c'"):
        places(videos, "c/00001.jpg")


def rows(*numbers):
    made = [TableRow("a", number, (0, 0, 1, 1), "run", "") for number in numbers]
    return made, [Origin("t", f"row {number}") for number in numbers]


def test_rows_with_numbers_move_to_the_pictures_that_bear_them(videos):
    collector = Collector()
    kept, left = rows_on_pictures(collector, *rows(4, 9, 10), videos, 1, None)  # numbers 5, 10 and 11
    assert [row.frame for row in kept] == [1, 2] and [origin.entry for origin in left] == ["row 4", "row 9"]
    assert "1 boxes are on pictures that are not there" in collector.annotated([]).notes[0]
    with pytest.raises(AnnotationError, match="not one of 1 boxes is on a picture that is there"):
        rows_on_pictures(collector, *rows(10), videos, 1, None)


def test_rows_are_refused_if_no_picture_is_there(videos):
    frames = PictureFrames(videos, None, Collector())
    frames.add("x", "a/frame_000001.png", "row 2")
    with pytest.raises(AnnotationError, match=r"t\.csv: not one of the named pictures is there .*frame_000001\.png"):
        placed_rows(Collector(), *rows(0), ["x"], frames, "t.csv")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pictures_do(orientation):
    stored = np.zeros((40, 60), dtype=np.uint8)
    stored[5:15, 20:50] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(stored)
    picture.getexif()[0x0112] = orientation
    from PIL import ImageOps

    down, across = np.nonzero(np.asarray(ImageOps.exif_transpose(picture)))
    x1, y1, x2, y2 = turned_box((20, 5, 50, 15), (60, 40), orientation)
    assert (x1, y1, x2, y2) == (across.min(), down.min(), across.max() + 1, down.max() + 1)


def test_boxes_drawn_on_the_stored_picture_are_turned_and_others_scaled(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "v").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "v" / "1.jpg", exif=exif)
    videos = VideoFolder(tmp_path)
    info, place = VideoInfo(1, 25.0, 40, 60, "frames"), Place("v", 0)
    assert shown_box((20, 5, 50, 15), (60, 40), place, info, videos.pictures) == (25, 20, 35, 50)
    assert shown_box((5, 5, 10, 10), (40, 60), place, info, videos.pictures) == (5, 5, 10, 10)
    assert shown_box((5, 5, 10, 10), (20, 30), place, info, videos.pictures) == (10, 10, 20, 20)
    assert shown_box((5, 5, 10, 10), None, place, info, videos.pictures) == (5, 5, 10, 10)
