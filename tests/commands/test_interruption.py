"""Signals, on processes of their own that import nothing heavy."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from yowo.commands.interruption import if_interrupted, interruptible, was_interrupted

BEGIN = """
import os, sys, time
from yowo.commands.interruption import if_interrupted, interruptible, shielded
with interruptible():
"""
WAIT = """
    with if_interrupted(lambda: "3 of 8 frames are in out.csv"):
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            print("closed", flush=True)
"""
STUBBORN = """
    try:
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:
        print("closing", flush=True)
        time.sleep(60)
"""
SHIELDED = """
    with shielded():
        print("ready", flush=True)
        time.sleep(0.5)
        print("written", flush=True)
    print("never")
"""
WITH_A_WORKER = """
    if os.fork() == 0:
        time.sleep(0.6)
        print("worker", flush=True)
        os._exit(0)
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        os.wait()
"""

TRAINING = """
    class Saved(BaseException):
        signal = 0
    asked = []
    def ask(number):
        asked.append(number)
        return TRAINS
    LAUNCHER
    with if_interrupted(lambda: "go on with it"), saved_first(ask, lambda: "last.ckpt is there"):
        print("ready", flush=True)
        for _ in range(600):
            time.sleep(0.1)
            if asked and ENDS:
                print("saved", flush=True)
                raise Saved
"""


def training(trains=True, ends=True, launcher="pass", before=""):
    body = TRAINING.replace("TRAINS", str(trains)).replace("ENDS", str(ends)).replace("LAUNCHER", launcher)
    head = BEGIN.replace("interruptible, shielded", "interruptible, saved_first, shielded")
    return started(body, head.replace("with interruptible", f"{before}\nwith interruptible"))


def heeds_ctrl_c():
    """Undo what a shell does to commands in the background (`&`): they ignore Ctrl-C, and their children too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(body, begin=BEGIN):
    process = subprocess.Popen(
        [sys.executable, "-c", begin + body],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=heeds_ctrl_c,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_closes_what_is_open_and_ends_with_one_line_and_its_code(name, code):
    process = started(WAIT)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate()
    assert (process.returncode, out, err) == (code, "closed\n", "interrupted: 3 of 8 frames are in out.csv\n")


def test_a_second_signal_ends_at_once():
    process = started(STUBBORN)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "closing\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    assert process.communicate() == ("", "") and process.returncode == 130
    assert time.monotonic() - begin < 10


def test_what_is_written_together_is_finished_first():
    process = started(SHIELDED)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, out) == (143, "written\n")
    assert err == "interrupted: what was not finished is not kept; run the command again\n"


def test_a_forked_worker_leaves_ctrl_c_to_its_parent():
    process = started(WITH_A_WORKER)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    os.kill(int(workers.stdout), signal.SIGINT)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "worker\n") and err.count("\n") == 1


@pytest.mark.parametrize("body", ["    print('x' * 100_000)", "    print('x')"])
def test_a_reader_that_goes_ends_the_command_quietly(body):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + body],
        stdout=write,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_without_a_signal_handlers_and_errors_are_as_before():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyError, match="mine"), interruptible(), if_interrupted(lambda: "not said"):
        raise KeyError("mine")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert not was_interrupted()


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGUSR1", 138)])
def test_a_training_saves_first(name, code):
    process = training()
    process.send_signal(getattr(signal, name))
    assert process.communicate() == ("saved\n", "interrupted: go on with it\n") and process.returncode == code


def test_a_training_that_is_not_in_progress_is_interrupted_at_once():
    process = training(trains=False, ends=False)
    process.send_signal(signal.SIGTERM)
    assert process.communicate() == ("", "interrupted: go on with it\n") and process.returncode == 143


def test_a_training_that_comes_to_no_step_is_ended_and_says_what_is_there():
    process = training(ends=False, before="import yowo.commands.interruption as i; i.USUAL_GRACE = 0.2")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, out) == (143, "")
    assert err == "interrupted: no step ended within 0 seconds, so nothing was saved; last.ckpt is there\n"


def test_the_second_ctrl_c_ends_a_training_at_once():
    process = training(ends=False)
    process.send_signal(signal.SIGINT)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ("", "") and process.returncode == 130


def test_the_launcher_of_a_job_queues_it_again_after_the_training_has_saved():
    process = training(launcher="import signal; signal.signal(signal.SIGUSR2, lambda *_: print('queued', flush=True))")
    process.send_signal(signal.SIGUSR2)
    out, _ = process.communicate()
    assert (process.returncode, out) == (140, "saved\nqueued\n")
