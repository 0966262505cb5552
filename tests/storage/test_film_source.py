import numpy as np
import pytest

from tests.film_cases import film, turn
from tests.make_data import pictures
from tests.video.video_files import CLOSED, COUNT, KINDS, encode, sequential
from yowo.errors import VideoError
from yowo.storage.film_source import open_source, source_frames
from yowo.video.probe import probe_video


@pytest.mark.parametrize("name", KINDS)
def test_the_frames_are_those_that_readers_count(video, name):
    source = open_source(video(name))
    found = np.stack([frame.to_ndarray(format="rgb24") for frame in source_frames(source)])
    assert not source.damaged and source.size == (64, 48)
    assert len(found) == len(source.index.times) == probe_video(video(name)).num_frames
    assert np.array_equal(found, sequential(video(name))[: len(found)])


def test_a_rotated_video_has_its_displayed_size(tmp_path):
    assert open_source(turn(film(tmp_path / "v.mp4", 3), 1)).size == (48, 64)


def test_a_damaged_video_has_the_frames_that_can_be_decoded(tmp_path):
    path = tmp_path / "v.mp4"
    encode(path, pictures(COUNT, 0), "libx264", {"x264-params": CLOSED}, container_options={"movflags": "faststart"})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    source = open_source(path)
    count = sum(1 for _ in source_frames(source))
    assert source.damaged and 5 < count < COUNT
    assert count == len(source.index.times) == probe_video(path).num_frames == len(sequential(path))


def test_too_few_frames_are_an_error_after_the_last_frame(tmp_path):
    source = open_source(film(tmp_path / "v.mp4", 10))
    film(tmp_path / "v.mp4", 7)
    seen = []
    with pytest.raises(VideoError, match=r"v\.mp4: damaged after frame 6: expected 10 frames from its packets"):
        seen.extend(source_frames(source))
    assert len(seen) == 7


@pytest.mark.parametrize("content", [b"", b"not a video\n" * 100])
def test_a_file_that_is_not_a_video_is_an_error(tmp_path, content):
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(VideoError, match=r"v\.mp4: not a readable video"):
        open_source(tmp_path / "v.mp4")
    with pytest.raises(VideoError, match=r"gone\.mp4: not a readable video"):
        open_source(tmp_path / "gone.mp4")
