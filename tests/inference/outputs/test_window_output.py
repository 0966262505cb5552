import sys
import time

import pytest

from tests.inference.outputs.test_video_output import SIZE, facts
from tests.inference.test_frame_painter import NAMES, person, tracked
from yowo.errors import YowoError
from yowo.inference.frame_painter import FramePainter
from yowo.inference.outputs import window
from yowo.inference.outputs.window_output import WindowOutput

READER = """import sys
sys.stdout.write("ready\\n"); sys.stdout.flush()
open(sys.argv[0] + ".got", "wb").write(sys.stdin.buffer.read())
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A process in place of the one with the window."""

    def use(text):
        path = tmp_path / "window.py"
        path.write_text(text)
        monkeypatch.setattr(window, "__file__", str(path))
        return path

    return use


def opened():
    return WindowOutput(facts(), FramePainter(NAMES, SIZE))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_a_machine_without_a_screen_is_told_in_a_line(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(YowoError, match=r"show=true: no window can be opened here \(.+\); leave it out, or watch with"):
        opened()


def test_painted_frames_reach_the_window(script):
    path = script(READER)
    ours = opened()
    ours.write(tracked(0, [person(1)]))
    ours.finish()
    ours.close()
    got = (path.parent / "window.py.got").read_bytes()
    ppm = got[window.HEADER.size :]
    assert ppm.startswith(b"P6 320 240 255\n") and len(ppm) == 320 * 240 * 3 + 15
    assert ours.kept() is None


def test_a_window_that_was_closed_does_not_end_the_detection(script):
    script("print('ready', flush=True)")
    ours = opened()
    for frame in range(20):
        ours.write(tracked(frame, [person(1)]))
        time.sleep(0.002)
    ours.close()


def test_a_window_that_hangs_holds_up_nothing_and_is_ended(script, monkeypatch):
    monkeypatch.setattr("yowo.inference.outputs.window_output.PATIENCE", 0.1)
    script("import time; print('ready', flush=True); time.sleep(60)")
    ours = opened()
    for frame in range(5):
        ours.write(tracked(frame, [person(1)]))
    ours.close()
    assert ours._process.returncode is not None
