import pytest

from yowo.errors import YowoError
from yowo.inference.tracks import TrackedFrame
from yowo.inference.watching.output_group import OutputGroup


class Noted:
    """An output that notes what is done with it, and fails where it is told to."""

    def __init__(self, fails=()):
        self.calls, self.fails = [], fails

    def _note(self, call):
        self.calls.append(call)
        if call in self.fails:
            raise YowoError(f"{call}: disk full")

    def write(self, frame):
        self._note("write")

    def finish(self):
        self._note("finish")

    def close(self):
        self._note("close")

    def kept(self):
        return None if self.fails else "file: a.csv"


def frames(count):
    from tests.inference.scenes import scene

    return [TrackedFrame(*scene(frame), None, None) for frame in range(count)]


def test_frames_go_to_all_and_are_counted():
    outputs = [Noted(), Noted()]
    group = OutputGroup(outputs)
    group.write(frames(3))
    group.end()
    assert all(output.calls == ["write"] * 3 + ["finish", "close"] for output in outputs)
    assert (group.frames, group.detections, group.kept()) == (3, 6, ["file: a.csv"] * 2)


def test_an_output_that_fails_is_closed_and_the_others_are_finished():
    outputs = [Noted(), Noted(["write"]), Noted()]
    group = OutputGroup(outputs)
    with pytest.raises(YowoError, match=r"write: disk full"):
        group.write(frames(2))
    assert group.failed and group.frames == 0
    group.end()
    assert [output.calls for output in outputs] == [
        ["write", "finish", "close"],
        ["write", "close"],
        ["finish", "close"],
    ]


def test_an_output_that_cannot_be_finished_leaves_none_open():
    outputs = [Noted(["finish"]), Noted(["close"]), Noted()]
    with pytest.raises(YowoError, match=r"finish: disk full"):
        OutputGroup(outputs).end()
    assert all(output.calls == ["finish", "close"] for output in outputs)
