from fractions import Fraction

import av
import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.video_files import copy_packets, encode, write_sound
from yowo.errors import VideoError
from yowo.video.frame_times import FrameTimes, read_frame_times, read_many_times

RATES = {"24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001), "30": Fraction(30)}


def film(path, rate, count=100, times=None):
    """Write a film at a rate, or with frames at `times`, in ticks of 1 / rate seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"g": "30", "bf": "2", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number, frame in enumerate(pictures(count, 0)):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = (number if times is None else times[number]), 1 / Fraction(rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def shown(moment, times):
    """The rule: the last frame that began at the moment or before; before the beginning the first."""
    return max([0] + [number for number, time in enumerate(times) if time <= moment])


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_the_frame_shown_at_a_moment_is_the_last_that_began(tmp_path, rate, ending):
    times = read_frame_times(film(tmp_path / f"f.{ending}", rate))
    true = [Fraction(number) / rate for number in range(100)]
    moments = [Fraction(n, 30) for n in range(-3, 105)]
    expected = [shown(moment, true) for moment in moments]
    found = times.frames_at(np.array([float(m) for m in moments]))
    # whole milliseconds, as Matroska stores them, cannot tell moments closer than one
    close = np.array([min(abs(t - m) for t in true) for m in moments]).astype(float)
    sure = (close < 1e-9) | (close > 0.001) if ending == "mkv" else np.ones(len(moments), bool)
    assert found[sure].tolist() == np.array(expected)[sure].tolist() and sure.sum() > 70
    assert times.end == pytest.approx(100 / float(rate), abs=0.002)


def test_a_variable_rate_is_followed_frame_by_frame(tmp_path):
    ticks = np.cumsum(np.random.default_rng(0).integers(1, 9, 100)) - 1
    ticks -= ticks[0]
    times = read_frame_times(film(tmp_path / "f.mp4", Fraction(90), times=ticks.tolist()))
    moments = [Fraction(n, 30) for n in range(int(ticks[-1] / 3))]
    expected = [shown(moment, [Fraction(int(t), 90) for t in ticks]) for moment in moments]
    assert times.frames_at(np.array(moments, dtype=float)).tolist() == expected


def test_millisecond_times_stay_rounded_when_they_move_to_another_container(tmp_path):
    with av.open(str(film(tmp_path / "a.mkv", Fraction(30)))) as old, av.open(str(tmp_path / "b.mp4"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    times = read_frame_times(tmp_path / "b.mp4")
    assert times.frames_at(np.arange(100) / 30).tolist() == list(range(100))


def test_a_late_beginning_of_the_stream_is_second_zero(tmp_path):
    copy_packets(film(tmp_path / "a.mp4", Fraction(25)), tmp_path / "b.mkv", shift=50)
    assert read_frame_times(tmp_path / "b.mkv").frames_at(np.array([0.0, 1.0])).tolist() == [0, 25]


def test_sound_that_begins_first_is_second_zero(tmp_path):
    write_sound(tmp_path / "sound.mp4")
    with (
        av.open(str(film(tmp_path / "a.mp4", Fraction(25)))) as old,
        av.open(str(tmp_path / "sound.mp4")) as sound,
        av.open(str(tmp_path / "both.mkv"), "w") as new,
    ):
        picture_stream = new.add_stream_from_template(old.streams.video[0])
        sound_stream = new.add_stream_from_template(sound.streams.audio[0])
        for source, stream, shift in ((sound, sound_stream, 0), (old, picture_stream, 2)):
            for packet in source.demux(source.streams[0]):
                if packet.size:
                    ticks = int(shift / packet.time_base)
                    packet.pts, packet.dts, packet.stream = max(packet.pts, 0) + ticks, packet.dts + ticks, stream
                    new.mux(packet)
    found = read_frame_times(tmp_path / "both.mkv").frames_at(np.array([1.0, 2.01, 3.01]))
    assert found.tolist() == [0, 0, 25]


def test_a_stream_without_times_keeps_its_rate(tmp_path):
    encode(tmp_path / "bare.h264", pictures(40, 0), "libx264", {})
    assert read_frame_times(tmp_path / "bare.h264").frames_at(np.array([0.0, 1.0])).tolist() == [0, 25]


def test_frames_that_probing_could_not_decode_are_not_counted(tmp_path):
    path = film(tmp_path / "f.mp4", Fraction(25))
    assert len(read_frame_times(path, 100).seconds) == len(read_frame_times(path, 99).seconds) == 100


def test_a_clock_can_be_shifted_and_cut():
    times = FrameTimes.even(100, 25)
    late = times.shifted(900)
    assert late.frames_at(np.array([901.0])).tolist() == [25] and late.end == 904
    assert late.time_of(25) == 901 and late.time_of(500) == late.time_of(99)
    part = late.between(901, 902)
    assert len(part.seconds) == 26 and part.first == 25
    assert part.frames_at(np.array([900.0, 901.5, 903.0])).tolist() == [25, 37, 50]
    assert part.time_of(25) == 901


def test_many_files_are_read_by_path(tmp_path):
    paths = {str(film(tmp_path / f"{rate}.mp4", RATES[rate], 30)): 30 for rate in ("24", "30")}
    found = read_many_times(paths)
    assert list(found) == list(paths) and [round(t.end, 2) for t in found.values()] == [1.25, 1.0]
    with pytest.raises(VideoError, match=r"gone\.mp4: not a readable video"):
        read_many_times({str(tmp_path / "gone.mp4"): 3})
