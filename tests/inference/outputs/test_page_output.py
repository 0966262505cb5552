import json
import shutil
import subprocess
import urllib.request

import numpy as np
import pytest
from PIL import Image

from tests.inference.outputs.test_recent_tubes import FPS, Painter, frame
from yowo.errors import ConfigError
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.page_output import MOST_SHOWN, PageOutput
from yowo.inference.stream_meter import StreamMeter

NAMES = ["Run", "Sit & <b>eat</b>"]
PINK = (250, 20, 240)


def facts(live=True):
    return StreamFacts("front door", "rtsp://cam/1", FPS, 64, 48, None, live, NAMES, True)


@pytest.fixture
def page():
    made = PageOutput("127.0.0.1:0", None, facts(), Painter(paint=np.full((48, 64, 3), PINK, np.uint8)), StreamMeter())
    yield made
    made.close()


def state(page):
    with urllib.request.urlopen(f"{page.url}state", timeout=20) as answer:
        return json.load(answer)


def test_the_page_tells_tubes_rates_and_the_end(page):
    first = state(page)
    assert (first["frames"], first["fps"], first["latency"], first["tubes"]) == (0, None, None, [])
    page._meter.dropped = 4
    for number in range(12):
        page._meter.came(number)
        page.write(frame(number, [(5, 3, 1, 0.75)]))
        page._meter.done(number)
    now = state(page)
    (tube,) = now["tubes"]
    assert (tube["tube"], tube["person"], tube["name"], tube["on"]) == (5, 3, NAMES[1], True)
    assert (tube["start"], tube["end"], tube["score"]) == (0, 1.2, 0.75) and tube["samples"][0] == [0, 0.75]
    assert (now["frames"], now["now"], now["dropped"], now["ended"], now["length"]) == (12, 1.2, 4, False, None)
    assert now["fps"] > 0 and now["latency"] >= 0
    page.finish()
    assert state(page)["ended"] and state(page)["fps"] == state(page)["fps"]


def test_the_last_frame_is_shown_whether_or_not_a_picture_was_due():
    painter = Painter()
    painted = painter.painted
    page = PageOutput("127.0.0.1:0", None, facts(), painter, StreamMeter())
    for number in range(50):
        page.write(frame(number, []))
    assert len(painted) < 10  # nobody watches
    page.finish()
    page.close()
    assert painted[0] == 0 and painted[-1] == 49 and painted == sorted(set(painted))


def test_of_very_many_tubes_the_best_are_shown(page):
    page.write(frame(0, [(1 + row, row, 0, row / 100) for row in range(100)]))
    shown = state(page)["tubes"]
    assert len(shown) == MOST_SHOWN and min(tube["tube"] for tube in shown) == 101 - MOST_SHOWN


@pytest.mark.parametrize("by_class", [False, True])
def test_colours_are_those_of_the_pictures(page, by_class):
    page._painter = Painter(by_class)
    page.write(frame(0, [(1, 1, 0, 0.5), (2, 1, 1, 0.5), (3, 2, 0, 0.5)]))
    one, of_the_person, of_the_class = (tube["colour"] for tube in state(page)["tubes"])
    assert (one == of_the_class) is by_class and (one == of_the_person) is not by_class


def test_a_page_that_others_reach_has_a_token_by_itself_and_the_same_one_again():
    def made(token=None):
        output = PageOutput("0.0.0.0:0", token, facts(), Painter(), StreamMeter())
        output.close()
        return output.url.partition("?token=")[2]

    assert len(made()) > 20 and made() == made() and made("word") == "word"


def test_a_wrong_address_leaves_no_thread_behind():
    with pytest.raises(ConfigError, match=r"^serve=192\.0\.2\.7:80: this machine has no such address"):
        PageOutput("192.0.2.7:80", "x", facts(), Painter(), StreamMeter())


@pytest.mark.long
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium")
def test_a_browser_shows_the_picture_and_the_bars(page, tmp_path):
    for number in range(100):
        page.write(frame(number, [(5, 3, 1, 0.75)]))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shot = tmp_path / "page.png"
    options = ["--window-size=900,900", "--timeout=5000", f"--screenshot={shot}"]
    subprocess.run([*browser, *options, page.url], check=True, timeout=120, capture_output=True)
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    assert (np.abs(pixels - PINK).max(axis=-1) < 12).mean() > 0.2
    colour = np.frombuffer(bytes.fromhex(state(page)["tubes"][0]["colour"][1:]), np.uint8).astype(int)
    assert (np.abs(pixels - colour).max(axis=-1) < 4).sum() > 200
