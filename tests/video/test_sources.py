import pytest

from tests.make_data import pictures, write_video
from tests.video.live_servers import camera
from yowo.errors import ConfigError, VideoError
from yowo.video.frame_source import ReaderSource
from yowo.video.live_source import LiveSource
from yowo.video.sources import open_source


def test_files_pictures_and_streams_are_opened_each_in_its_way(tmp_path):
    write_video(tmp_path / "films" / "a.mp4", pictures(3, 0))
    with open_source(str(tmp_path / "films" / "a.mp4"), "pyav") as source:
        assert isinstance(source, ReaderSource) and source.length == 3
    with camera() as served, open_source(served.url, latency="none", timeout=3.0) as source:
        assert isinstance(source, LiveSource) and source.length is None


def test_what_cannot_be_opened_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.mp4: there is no such video or folder"):
        open_source(str(tmp_path / "gone.mp4"))
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(VideoError, match=r"broken\.mp4: not a readable video"):
        open_source(str(tmp_path / "broken.mp4"))
    write_video(tmp_path / "films" / "a.mp4", pictures(3, 0))
    with pytest.raises(ConfigError, match=r"source=.*films: names 1 videos; one can be opened at a time"):
        open_source(str(tmp_path / "films"))
    with pytest.raises(ConfigError, match=r"reader\.reconnect: expected"):
        open_source("rtsp://nobody.invalid/1", reconnect=-1)
