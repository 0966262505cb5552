"""Damage that shows nowhere but in FFmpeg's log."""

import av
import pytest

from tests.make_data import pictures
from tests.video.video_files import copy_packets, encode
from yowo.video.backends import choose_backend
from yowo.video.reader import open_video
from yowo.video.soundness import Soundness, soundness

SLICES = "slices=3:bframes=0:keyint=12:scenecut=0"
HIDDEN = 5
"""Frames that the edit list keeps from being shown."""
SLICE_TYPES = (1, 5)


def without_a_slice(packet):
    """A packet of H.264 as MP4 stores it, without the second slice of its picture."""
    units, at = [], 0
    while at < len(packet):
        end = at + 4 + int.from_bytes(packet[at : at + 4], "big")
        units.append(packet[at:end])
        at = end
    slices = [n for n, unit in enumerate(units) if unit[4] & 31 in SLICE_TYPES]
    assert len(slices) == 3
    del units[slices[1]]
    return b"".join(units)


def damage(source, target, number):
    """Copy a file; the picture of packet `number` loses a slice."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for n, packet in enumerate(old.demux(video=0)):
            if not packet.size:
                continue
            if n == number:
                changed = av.Packet(without_a_slice(bytes(packet)))
                changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
                changed.duration, changed.is_keyframe = packet.duration, packet.is_keyframe
                packet = changed
            packet.stream = stream
            new.mux(packet)


@pytest.fixture(scope="module")
def sliced(tmp_path_factory):
    if "libx264" not in av.codecs_available:
        pytest.skip("no encoder for H.264 here")
    path = tmp_path_factory.mktemp("sliced") / "whole.mp4"
    encode(path, pictures(30, 0), "libx264", {"x264-params": SLICES})
    return path


def test_a_hidden_picture_that_ffmpeg_repaired_makes_the_file_damaged(sliced, tmp_path):
    """The pictures that are shown are predicted from it: none of them is marked as corrupt, and none is right."""
    damage(sliced, tmp_path / "damaged.mp4", 2)
    copy_packets(tmp_path / "damaged.mp4", tmp_path / "cut.mp4", shift=-HIDDEN)
    with av.open(str(tmp_path / "cut.mp4")) as container:
        shown = list(container.decode(video=0))
    assert len(shown) == 30 - HIDDEN and not any(frame.is_corrupt for frame in shown)
    assert soundness(tmp_path / "cut.mp4") is Soundness.DAMAGED
    assert choose_backend(tmp_path / "cut.mp4") == "sequential"
    with open_video(tmp_path / "cut.mp4") as reader:
        assert reader.backend == "sequential"


def test_hidden_pictures_alone_are_no_damage(sliced, tmp_path):
    copy_packets(sliced, tmp_path / "cut.mp4", shift=-HIDDEN)
    assert soundness(tmp_path / "cut.mp4") is Soundness.SOUND
