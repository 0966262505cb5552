import pytest

from yowo.inference import stream_meter
from yowo.inference.stream_meter import WINDOW, StreamMeter


@pytest.fixture
def clock(monkeypatch):
    """The time, as a list of one number."""
    now = [100.0]
    monkeypatch.setattr(stream_meter, "monotonic", lambda: now[0])
    return now


def test_rate_and_latency_are_those_of_the_last_frames(clock):
    meter = StreamMeter()
    assert meter.words() == "0.0 FPS, latency 0.00 s"
    for frame in range(100):
        meter.came(frame)
        clock[0] += 0.1
        if frame >= 3:
            meter.done(frame - 3)  # as with a linker that waits
    assert meter.fps == pytest.approx(10, rel=0.05) and meter.latency == pytest.approx(0.4)
    meter.dropped = 1200
    assert meter.words() == "10.0 FPS, latency 0.40 s, 1,200 dropped" and meter.frames == 97


def test_the_rate_falls_when_nothing_comes(clock):
    meter = StreamMeter()
    meter.came(0, 2)
    meter.done(0)
    meter.done(1)
    clock[0] += WINDOW + 1
    assert meter.fps == 0


def test_memory_does_not_grow_with_the_frames(clock):
    meter = StreamMeter()
    for frame in range(5000):
        meter.came(frame)
        clock[0] += 0.04
        meter.done(frame)
    assert len(meter._done) < 2 * WINDOW / 0.04 and not meter._came and len(meter._latencies) <= 100
