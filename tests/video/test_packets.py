from dataclasses import replace

import numpy as np
import pytest

from tests.video.video_files import COUNT, write_sound
from yowo.errors import VideoError
from yowo.video.packets import DEFAULT_FPS, NO_TIME, read_packets


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
