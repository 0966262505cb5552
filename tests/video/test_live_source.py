import os
import threading
import time

import av
import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.live_servers import camera, files_over_http, jpeg, rtsp_server
from tests.video.video_files import difference, encode, sequential
from yowo.errors import ConfigError, VideoError
from yowo.video import live_receiver
from yowo.video.live_receiver import LivePolicy
from yowo.video.live_source import LiveSource

ALL = LivePolicy(latency="none")


@pytest.fixture
def sent(monkeypatch):
    """Sends files to standard input: gives a function that takes their paths and returns the thread that sends."""
    before = os.dup(0)
    threads = []

    def send(*paths):
        reading, writing = os.pipe()
        os.dup2(reading, 0)
        os.close(reading)

        def write():
            with os.fdopen(writing, "wb") as pipe:
                for path in paths:
                    pipe.write(path.read_bytes())

        threads.append(threading.Thread(target=write, daemon=True))
        threads[-1].start()

    yield send
    os.dup2(before, 0)
    os.close(before)
    for thread in threads:
        thread.join(5)


def read_all(source, count=7):
    frames, seconds = [], []
    while len(part := source.read(count)):
        frames.append(part)
        seconds.append(source.seconds)
        assert part.shape[1:] == (source.height, source.width, 3) and len(part) <= count
    return np.concatenate(frames), np.concatenate(seconds)


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "libx264"), ("a.mjpeg", "mjpeg"), ("a.mkv", "mpeg4")])
def test_standard_input_gives_the_frames_that_a_file_would(sent, tmp_path, name, codec):
    encode(tmp_path / name, pictures(45, 0), codec, {"g": "12"})
    sent(tmp_path / name)
    with LiveSource("-", ALL) as source:
        assert (source.width, source.height, source.length) == (64, 48, None)
        frames, seconds = read_all(source)
        assert difference(frames, sequential(tmp_path / name)) == 0
        assert source.dropped == source.damaged == 0 and source.read(3).shape == (0, 48, 64, 3)
        if name != "a.mjpeg":  # which has no times
            assert np.allclose(seconds, np.arange(45) / 25, atol=2e-3)


def test_pictures_of_another_size_are_resized_to_the_first_and_time_goes_on(sent, tmp_path, caplog):
    encode(tmp_path / "a.ts", pictures(12, 0), "libx264", {"g": "4"})
    encode(tmp_path / "b.ts", pictures(12, 1, 128, 64), "libx264", {"g": "4"})
    sent(tmp_path / "a.ts", tmp_path / "b.ts", tmp_path / "a.ts")
    with LiveSource("-", ALL) as source:
        frames, seconds = read_all(source)
        assert len(frames) >= 34 and (np.diff(seconds) > 0).all() and seconds[-1] < 9
        assert np.array_equal(frames[0], sequential(tmp_path / "a.ts")[0])
    words = [record.getMessage() for record in caplog.records if "pictures are now" in record.getMessage()]
    assert words[0] == "standard input: pictures are now 128x64; they are resized to 64x48, the size of the first"
    assert len(words) == 2


@pytest.mark.parametrize("size", [0, 999])
def test_what_is_no_video_is_one_line(sent, tmp_path, size):
    (tmp_path / "noise").write_bytes(b"hello\n" * size)
    sent(tmp_path / "noise")
    with pytest.raises(VideoError, match=r"^standard input: cannot be opened \(.*\); send MPEG-TS or MJPEG$"):
        LiveSource("-", ALL)


def test_a_picture_that_is_to_be_shown_turned_is_turned(sent, tmp_path):
    encode(tmp_path / "a.mp4", pictures(3, 0), "libx264", {})
    with (
        av.open(str(tmp_path / "a.mp4")) as old,
        av.open(str(tmp_path / "b.mp4"), "w", options={"movflags": "frag_keyframe+empty_moov"}) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        stream.set_display_rotation(90) if hasattr(stream, "set_display_rotation") else pytest.skip(
            "this PyAV cannot turn"
        )
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    sent(tmp_path / "b.mp4")
    with LiveSource("-", ALL) as source:
        assert (source.width, source.height) == (48, 64)
        assert read_all(source)[0].shape == (3, 64, 48, 3)


def test_a_file_over_http_is_read_whole_and_ends(tmp_path):
    encode(tmp_path / "a.ts", pictures(30, 0), "libx264", {"g": "12"})
    with files_over_http(tmp_path) as address:
        with LiveSource(f"{address}/a.ts") as source:
            assert not source.live
            time.sleep(0.2)  # longer than a frame of a live source may wait
            frames, _ = read_all(source, 30)
            assert difference(frames, sequential(tmp_path / "a.ts")) == 0 and source.dropped == 0
        with pytest.raises(VideoError, match=r"gone\.ts: cannot be opened \(.*404.*\); check the address"):
            LiveSource(f"{address}/gone.ts")


def test_a_slow_reader_of_a_camera_sees_what_is_new_and_the_rest_is_counted():
    with camera() as served, LiveSource(served.url) as source:
        assert source.live and 1 <= source.fps <= 240
        numbers, seconds = [], []
        for _ in range(4):
            frames = source.read(1)
            assert len(frames) == 1
            numbers.append(round(frames[0].mean()))
            seconds.append(source.seconds[0])
            time.sleep(0.2)
        assert min(np.diff(numbers)) > 5 and source.dropped > 15
        assert min(np.diff(seconds)) > 0.1


def test_a_camera_that_breaks_off_is_connected_again_and_damaged_pictures_are_left_out(monkeypatch, caplog):
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 0.05)

    def parts(viewer):
        for number in range(20):
            yield jpeg(100 * viewer + number) if number != 15 else jpeg(0)[:300]

    with camera(parts) as served, LiveSource(served.url, ALL) as source:
        levels, seconds = [], []
        while not levels or max(levels) < 205:
            part = source.read(9)
            levels += [round(float(frame.mean())) for frame in part]
            seconds += source.seconds.tolist()
        assert {10, 110, 205} <= set(levels) and served.viewers == 3
        assert (np.diff(seconds) > 0).all() and source.dropped == 0 and source.damaged
    assert any("connected again" in record.getMessage() for record in caplog.records)
    assert "damaged frames were left out" in caplog.records[-1].getMessage()


def test_a_camera_that_stalls_is_connected_again(monkeypatch):
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 0.05)

    def parts(viewer):
        yield from map(jpeg, range(15))
        if viewer == 0:
            yield 30.0
        yield from map(jpeg, range(100, 200))

    with camera(parts) as served, LiveSource(served.url, ALL._replace(timeout=0.5)) as source:
        while source.read(1)[0].mean() < 99:
            pass
        assert served.viewers == 2


def test_closing_does_not_wait_for_a_frame_and_frees_who_waits():
    def parts(viewer):
        yield from map(jpeg, range(15))
        yield 30.0

    with camera(parts) as served:
        source = LiveSource(served.url, ALL)
        assert len(source.read(99)) >= 1
        done = []
        waiting = threading.Thread(target=lambda: done.extend(iter(lambda: len(source.read(1)), 0)))
        waiting.start()
        begin = time.monotonic()
        source.close()
        waiting.join(5)
        assert not waiting.is_alive() and time.monotonic() - begin < 4


def test_an_unknown_policy_is_told_before_anything_is_opened():
    with pytest.raises(ConfigError, match="latency: expected low or none, got high"):
        LiveSource("rtsp://nobody.invalid/1", LivePolicy(latency="high"))


@pytest.mark.long
def test_a_real_rtsp_server_that_is_killed_and_comes_back_with_another_size(caplog):
    port = 18554
    server = rtsp_server(port)
    begin = time.monotonic()
    try:
        with LiveSource(f"rtsp://127.0.0.1:{port}/cam", LivePolicy(timeout=4.0)) as source:
            assert source.live and (source.width, source.height, source.fps) == (320, 240, 25.0)
            for _ in range(50):
                assert source.read(1).shape == (1, 240, 320, 3)
            before = source.seconds[0]
            assert before == pytest.approx(49 / 25, abs=0.5) and source.dropped == 0
            server.kill()
            server.wait()
            time.sleep(1.5)
            server = rtsp_server(port, 640, 360)
            for _ in range(60):
                assert source.read(1).shape == (1, 240, 320, 3)
            assert source.seconds[0] == pytest.approx(time.monotonic() - begin, abs=1)
            assert source.seconds[0] > before + 2
    finally:
        server.kill()
        server.wait()
    words = " ".join(record.getMessage() for record in caplog.records)
    assert "lost (the stream ended); connecting again in 1 s (attempt 1 of 10)" in words
    assert "connected again after" in words and "pictures are now 640x360" in words


@pytest.mark.long
def test_a_real_rtsp_server_that_is_gone_is_given_up(monkeypatch):
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 0.1)
    server = rtsp_server(18555)
    try:
        with LiveSource("rtsp://me:secret@127.0.0.1:18555/cam", ALL._replace(reconnect=2)) as source:
            source.read(1)
            server.kill()
            server.wait()
            with pytest.raises(VideoError, match=r"rtsp://me:\*\*\*@127.*broke off after \d+ frames, and 2 attempts"):
                read_all(source)
        with pytest.raises(VideoError, match=r"cannot be opened \(Connection refused\); check the address"):
            LiveSource("rtsp://127.0.0.1:18555/cam")
    finally:
        server.kill()
