import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.collecting import Collector
from yowo.importing.file_links import file_of, linked_video
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def videos(tmp_path):
    for name in ("day/film 1", "day/film (2)", "50% off"):
        write_video(tmp_path / f"{name}.mp4", pictures(2, 0))
    return VideoFolder(tmp_path)


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://host/a/day/film%201.mp4?X-Amz-Signature=a%2Fb", "day/film 1"),
        ("s3://bucket/day/film 1.mp4", "day/film 1"),
        ("/data/local-files/?d=set/day/film%201.mp4", "day/film 1"),
        ("/data/upload/3/0a1b2c3d-film_1.mp4", "day/film 1"),
        ("0a1b2c3d-film_2.mp4", "day/film (2)"),
        ("C:\\videos\\50% off.mp4", "50% off"),
    ],
)
def test_links_and_uploads_lead_to_their_video(videos, link, name):
    assert linked_video(videos, [link], "task 1", Collector()) == name


def test_the_first_link_that_leads_somewhere_counts(videos):
    assert linked_video(videos, ["nothing.mp4", "50% off.mp4"], "task 1", Collector()) == "50% off"


def test_what_leads_nowhere_is_named(videos, tmp_path):
    with pytest.raises(AnnotationError, match=r"task 1: .* has no video 'other\.mp4'"):
        linked_video(videos, ["other.mp4"], "task 1", Collector())
    with pytest.raises(AnnotationError, match="task 2: expected the name or the link of a video"):
        linked_video(videos, [], "task 2", Collector())
    collector = Collector()
    assert linked_video(VideoFolder(tmp_path / "day"), ["film 1"], "task 1", collector) == "film 1"
    (tmp_path / "day" / "film 1.mp4").unlink()
    assert linked_video(VideoFolder(tmp_path / "day"), ["other.mp4"], "task 1", collector) == "film (2)"
    assert "assigned to the only video given; the first: task 1: other.mp4" in collector.annotated([]).notes[0]


def test_signs_in_plain_file_names_are_not_read_as_links():
    assert file_of("100%25?.mp4") == "100%25?.mp4"
