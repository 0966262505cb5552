import unicodedata

import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError, DatasetError
from yowo.storage.preparation import prepare
from yowo.storage.transcoder import Recipe
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate(("one.mp4", "deep/two.v2.avi", "x/same.mp4", "y/same.mp4")):
        write_video(tmp_path / name, pictures(3, seed))
    for number, picture in enumerate(pictures(2, 9)):
        (tmp_path / "stills" / "clip").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "stills" / "clip" / f"{number:03d}.jpg")
    (tmp_path / "notes.txt").write_text("no video")
    return tmp_path


def test_videos_are_called_by_their_path_and_found_by_what_they_may_be_called(folder):
    videos = VideoFolder(folder)
    assert set(videos.paths) == {"one", "deep/two.v2", "x/same", "y/same", "stills/clip"}
    for named, name in {
        "one": "one", "one.mp4": "one", "C:\\data\\one.MP4": "one", "two.v2.mp4": "deep/two.v2", "two.v2": "deep/two.v2",
        "data/x/same.mp4": "x/same", "clip": "stills/clip",
    }.items():  # fmt: skip
        assert videos.find(named, "here") == name
    assert videos.has("one") and not videos.has("none")


def test_what_is_not_clear_is_said(folder):
    videos = VideoFolder(folder)
    with pytest.raises(AnnotationError, match="row 3: video 'same' may be x/same or y/same"):
        videos.find("same", "row 3")
    with pytest.raises(AnnotationError, match=r"row 4: .* has no video 'three'; there are 5, such as"):
        videos.find("three", "row 4")


def test_linked_folders_are_walked_once(folder):
    (folder / "linked").symlink_to(folder / "stills", target_is_directory=True)
    (folder / "stills" / "back").symlink_to(folder, target_is_directory=True)
    assert len(VideoFolder(folder).paths) == 5


def test_facts_are_probed_and_what_cannot_be_read_is_named(folder):
    videos = VideoFolder(folder)
    infos = videos.probe(["one", "stills/clip", "one"])
    assert {name: info.num_frames for name, info in infos.items()} == {"one": 3, "stills/clip": 2}
    (folder / "one.mp4").write_text("text")
    with pytest.raises(DatasetError, match=r"1 of 1 annotated videos cannot be read; the first: .*one\.mp4"):
        VideoFolder(folder).probe(["one"])


def test_folders_without_videos_and_equal_names_are_named(folder, tmp_path):
    write_video(folder / "one.avi", pictures(3, 0))
    with pytest.raises(
        DatasetError, match=r"one\.mp4: has the same name as .*one\.avi but for the ending.*rename or remove one"
    ):
        VideoFolder(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no video"):
        VideoFolder(tmp_path / "empty")
    with pytest.raises(DatasetError, match="expected a folder of videos; it is not there"):
        VideoFolder(tmp_path / "gone")


def test_prepared_videos_have_the_size_that_boxes_were_drawn_at(tmp_path):
    write_video(tmp_path / "videos" / "a.mp4", pictures(8, 0))
    prepare(tmp_path / "videos", tmp_path / "small", Recipe(short_side=16, preset="ultrafast"), workers=1)
    info = VideoFolder(tmp_path / "small").probe(["a"])["a"]
    assert (info.width, info.height, info.num_frames) == (64, 48, 8)


def test_every_file_that_ffmpeg_reads_is_a_video_and_others_beside_are_not(tmp_path):
    frames = pictures(3, 0)
    for name in ("a.mp4", "b.mpg", "deep/c.avi"):
        write_video(tmp_path / name, frames)
    (tmp_path / "a.mp4").rename(tmp_path / "a.MTS")
    (tmp_path / "b.mpg").rename(tmp_path / "b.VOB")
    for name in (".DS_Store", "._a.MTS", "Thumbs.db", "a.txt", "a.srt", "notes.json"):
        (tmp_path / name).write_bytes(b"text")
    for name in ("a.jpg", "cover.png", "deep/c.jpg"):
        Image.new("RGB", (16, 16)).save(tmp_path / name)
    assert set(VideoFolder(tmp_path).paths) == {"a", "b", "deep/c"}


def test_thumbnails_above_videos_are_no_video_but_frames_are(tmp_path):
    write_video(tmp_path / "day" / "clip.mp4", pictures(3, 0))
    for name in ("day.jpg", "folder.jpg"):
        Image.new("RGB", (16, 16)).save(tmp_path / name)
    assert set(VideoFolder(tmp_path).paths) == {"day/clip"}
    for number in (1, 2):
        Image.new("RGB", (16, 16)).save(tmp_path / f"{number}.jpg")
    assert set(VideoFolder(tmp_path).paths) == {"day/clip", tmp_path.name}


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("named", ["NFC", "NFD"])
def test_accents_match_in_either_spelling(tmp_path, on_disk, named):
    film, folder = (unicodedata.normalize(on_disk, name) for name in ("caf\u00e9.mp4", "\u00fcber"))
    write_video(tmp_path / film, pictures(3, 0))
    (tmp_path / folder).mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / folder / unicodedata.normalize(on_disk, "\u00e9_2.jpg"))
    videos = VideoFolder(tmp_path)
    assert videos.find(unicodedata.normalize(named, "caf\u00e9.mp4"), "here") == "caf\u00e9"
    assert videos.pictures.find(unicodedata.normalize(named, "\u00fcber/\u00e9_2.jpg"), "here").video == "\u00fcber"
    assert videos.paths["caf\u00e9"].exists()


def test_the_folder_of_pictures_in_the_layout_of_mot_is_found_by_the_films_name(tmp_path):
    (tmp_path / "film" / "img1").mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(tmp_path / "film" / "img1" / "000001.jpg")
    assert VideoFolder(tmp_path).find("film", "here") == "film/img1"
