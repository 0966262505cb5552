import io
import threading

import numpy as np
import pytest
from PIL import Image

from yowo.inference.outputs.live_picture import LivePicture, jpeg


@pytest.fixture
def live():
    made = LivePicture()
    yield made
    made.end()


def grey(level, height=48, width=64):
    return np.full((height, width, 3), level, np.uint8)


def level(encoded):
    return int(np.asarray(Image.open(io.BytesIO(encoded))).mean().round())


def test_who_waits_gets_the_newest_picture_and_its_number(live):
    assert live.newest() == (0, b"", False)
    for number, value in enumerate((40, 90), start=1):
        live.offer(grey(value))
        found, encoded, _ = live.newest(after=number - 1, timeout=10)
        assert found == number and abs(level(encoded) - value) <= 1
    assert live.newest(after=2, timeout=0.01).number == 2


def test_pictures_are_wanted_rarely_while_nobody_watches(live, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("yowo.inference.outputs.live_picture.monotonic", lambda: clock[0])
    assert live.wanted()
    live.offer(grey(10))
    live.newest(timeout=10)
    clock[0] += 0.9
    assert not live.wanted()
    with live.watched():
        assert live.viewers == 1 and live.wanted()
    clock[0] += 0.2
    assert live.viewers == 0 and live.wanted()


def test_the_end_releases_those_who_wait_and_the_last_picture_is_the_last_one_offered():
    live = LivePicture()
    found = []
    waiting = threading.Thread(target=lambda: found.append(live.newest(after=5, timeout=60)))
    waiting.start()
    live.offer(grey(10))
    live.offer(grey(200))
    live.end()
    waiting.join(10)
    assert not waiting.is_alive() and found[0].is_last and abs(level(found[0].jpeg) - 200) <= 1


def test_large_pictures_are_made_smaller_and_keep_their_shape():
    size = Image.open(io.BytesIO(jpeg(grey(3, 1080, 1920)))).size
    assert size == (1280, 720) and Image.open(io.BytesIO(jpeg(grey(3, 11, 7)))).size == (7, 11)
