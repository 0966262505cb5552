import pytest

from yowo.errors import YowoError
from yowo.video import probe_process
from yowo.video.probe_process import ProbeProcess


def test_one_process_answers_many_questions_and_can_be_closed_twice(videos):
    process = ProbeProcess(time_limit=60)
    first = process.ask(str(videos / "mpeg4.avi"))
    number = process._process.pid
    assert process.ask(str(videos / "nö\udcff gone\n.avi")).endswith("there is no such video; check the path")
    assert (
        process.ask(str(videos / "mpeg4.avi"))
        == first
        == dict(num_frames=45, fps=25.0, width=64, height=48, backend="decord")
    )
    assert process._process.pid == number
    process.close()
    process.close()


def test_a_program_that_does_not_start_is_an_error(monkeypatch):
    monkeypatch.setattr(probe_process, "PROGRAM", "raise SystemExit(1)")
    with pytest.raises(YowoError, match=r"the process that probes videos does not start with .*; check this Python"):
        ProbeProcess(time_limit=1).ask("v.avi")
