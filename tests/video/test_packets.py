from dataclasses import replace

import av
import numpy as np
import pytest
from av.stream import Disposition

from tests.video.video_files import COUNT, write_sound
from yowo.errors import VideoError
from yowo.video.packets import DEFAULT_FPS, NO_TIME, read_packets
from yowo.video.reader import open_video


def test_what_the_packets_of_a_file_tell(video):
    packets = read_packets(video("h264_closed.mp4"))
    assert (packets.container, packets.codec, packets.promised) == ("mov", "h264", COUNT)
    assert (packets.width, packets.height, packets.fps) == (64, 48, 25.0)
    assert np.flatnonzero(packets.keys).tolist() == [0, 12, 24, 36]
    assert packets.reordered and packets.whole and packets.one_frame_each and packets.closed


def test_a_stream_without_times_and_rate_has_defaults(video):
    packets = read_packets(video("bare.h264"))
    assert (packets.times == NO_TIME).all() and packets.fps == DEFAULT_FPS
    assert not packets.one_frame_each


@pytest.mark.parametrize(
    "change",
    [
        {"container": "mpegts"},
        {"codec": "vp8"},
        {"damaged": True},
        {"hidden": True},
        {"promised": COUNT + 1},
        {"container": "avi", "reordered": True},
        {"times": np.arange(COUNT) // 2},
        {"times": np.append(np.arange(1, COUNT), 0)},
        {"times": np.append(NO_TIME, np.arange(1, COUNT))},
        {"keys": np.zeros(COUNT, dtype=bool)},
    ],
    ids=lambda change: "-".join(change),
)
def test_packets_number_the_frames_only_where_nothing_speaks_against_it(video, change):
    packets = read_packets(video("mpeg4.avi"))
    assert packets.one_frame_each
    assert not replace(packets, **change).one_frame_each


def test_a_group_is_open_where_frames_cross_its_key_frame(video):
    packets = read_packets(video("mpeg4.avi"))
    keys = np.isin(np.arange(6), (0, 3))
    for times, closed in (([0, 2, 1, 3, 5, 4], True), ([0, 2, 1, 4, 3, 5], False), ([0, 4, 1, 3, 2, 5], False)):
        assert replace(packets, times=np.array(times), keys=keys).closed is closed
    assert not replace(packets, refreshed=True).closed


def test_recovery_points_are_no_clean_key_frames_in_either_way_of_storing(video):
    assert read_packets(video("h264_refreshed.mp4")).refreshed
    assert not read_packets(video("h264_closed.mp4")).refreshed
    assert not read_packets(video("h264.ts")).refreshed


def test_sound_alone_is_an_error(tmp_path):
    write_sound(tmp_path / "sound.mp4")
    with pytest.raises(VideoError, match=r"sound\.mp4: holds no video stream"):
        read_packets(tmp_path / "sound.mp4")


def write_with_cover(path, film=None):
    """Write a cover picture, and the packets of a film after it."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "rgb24"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), dtype=np.uint8), format="rgb24")
        packets = cover.encode(picture) + cover.encode()
        with av.open(str(film)) as source:
            track = container.add_stream_from_template(source.streams[0])
            for packet in source.demux(source.streams[0]):
                if packet.dts is not None:
                    packet.stream = track
                    container.mux(packet)
        container.mux(packets)


def test_the_cover_of_music_is_no_video(tmp_path):
    write_sound(tmp_path / "sound.mp4")
    write_with_cover(tmp_path / "song.mp4", tmp_path / "sound.mp4")
    with pytest.raises(VideoError, match=r"song\.mp4: holds no video, only a cover picture"):
        read_packets(tmp_path / "song.mp4")


def test_the_cover_of_a_film_does_not_stand_for_it(tmp_path, video):
    write_with_cover(tmp_path / "film.mp4", video("h264_closed.mp4"))
    assert len(read_packets(tmp_path / "film.mp4").times) == COUNT
    with open_video(tmp_path / "film.mp4") as reader, open_video(video("h264_closed.mp4"), "pyav") as plain:
        assert np.abs(reader.get_frames([0, 30]).astype(int) - plain.get_frames([0, 30])).max() <= 3
