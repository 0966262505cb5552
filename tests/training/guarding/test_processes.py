import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from yowo.errors import DatasetError
from yowo.training.guarding import processes
from yowo.training.guarding.nonfinite import NonFiniteError
from yowo.training.guarding.processes import EndProcesses, ProcessError, is_lost, one_line

GONE = RuntimeError("[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]")


def process_of(folder, rank, world=2):
    callback = EndProcesses(folder)
    callback.rank, callback.world = rank, world
    return callback


def child(code):
    return subprocess.Popen([sys.executable, "-S", "-E", "-c", code])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.6)
    monkeypatch.setattr(processes, "LOOK", 0.05)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such\nthing"), "rank 1: ValueError: no such thing"),
        (DatasetError("file a is missing"), "rank 1: file a is missing"),
        (SystemExit(3), "rank 1: ended itself with exit code 3"),
        (MemoryError(), "rank 1: MemoryError"),
    ],
)
def test_the_process_that_lost_its_connection_tells_the_error_of_the_one_that_failed(tmp_path, error, line):
    assert str(process_of(tmp_path, 1).told(error)) == line
    assert str(process_of(tmp_path, 0).told(GONE)) == line
    assert str(process_of(tmp_path, 2, 3).told(GONE)) == line


def test_of_several_failures_the_first_one_is_told(tmp_path):
    process_of(tmp_path, 2, 3).told(ValueError("first"))
    time.sleep(0.01)
    process_of(tmp_path, 1, 3).told(ValueError("second"))
    assert process_of(tmp_path, 0, 3).other_failure() == "rank 2: ValueError: first"


def test_an_own_error_is_told_as_it_is_also_after_another_one_failed(tmp_path):
    process_of(tmp_path, 1).told(ValueError("other"))
    assert str(process_of(tmp_path, 0).told(ValueError("own"))) == "rank 0: ValueError: own"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import os; os.kill(os.getpid(), 9)", "rank 1: was killed by SIGKILL; it is what the system does when"),
        ("import sys; sys.exit(7)", "rank 1: ended with exit code 7"),
    ],
)
def test_a_process_that_ended_without_a_word_is_told_by_how_it_ended(tmp_path, code, line):
    first = process_of(tmp_path, 0)
    first.processes = [child(code)]
    first.processes[0].wait()
    assert str(first.told(GONE)).startswith(line)


def test_the_first_process_that_was_killed_is_named_by_those_that_it_has_started(tmp_path):
    second = process_of(tmp_path, 1)
    second._parent = os.getppid() + 1
    assert str(second.told(GONE)).startswith("rank 0: ended without a word")


def test_without_any_trace_of_the_other_process_that_is_said(tmp_path):
    assert "rank 0: another process of the run has ended" in str(process_of(tmp_path, 0).told(GONE))


def test_one_process_and_errors_of_all_processes_are_told_unchanged(tmp_path):
    assert process_of(tmp_path, 0, world=1).told(ValueError("x")) is None
    assert process_of(tmp_path, 1).told(NonFiniteError("the loss is nan")) is None
    assert not list(tmp_path.iterdir())


def test_only_errors_of_the_connection_are_taken_for_a_lost_one():
    assert is_lost(GONE) and is_lost(ConnectionResetError("Connection reset by peer"))
    assert is_lost(type("DistBackendError", (RuntimeError,), {"__module__": "torch.distributed"})("NCCL error"))
    assert not is_lost(RuntimeError("shape mismatch")) and not is_lost(DatasetError("Connection reset by peer"))
    assert not is_lost(ValueError("Broken pipe"))


def test_an_error_without_words_is_its_kind():
    assert (
        one_line(KeyError("a")) == "KeyError: 'a'" and one_line(SystemExit("text")) == "ended itself with exit code 1"
    )


def test_a_process_that_waits_in_vain_is_ended_with_the_error_of_the_other(tmp_path, monkeypatch):
    told, ended = [], threading.Event()
    monkeypatch.setattr(processes, "end_now", lambda line, others: (told.append(line), ended.set(), first.close()))
    first = process_of(tmp_path, 0)
    threading.Thread(target=first._watch, daemon=True).start()
    process_of(tmp_path, 1).told(ValueError("boom"))
    assert ended.wait(20) and told == ["rank 1: ValueError: boom"]


def test_a_process_that_ends_by_itself_is_let_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "end_now", lambda *_: pytest.fail("ended by force"))
    first = process_of(tmp_path, 0)
    process_of(tmp_path, 1).told(ValueError("boom"))
    watch = threading.Thread(target=first._watch, daemon=True)
    watch.start()
    first.close()
    watch.join(20)
    assert not watch.is_alive()


@pytest.mark.parametrize(
    ("error", "killed"),
    [(ValueError("x"), True), (NonFiniteError("x", recover=True), False), (KeyboardInterrupt(), True)],
)
def test_the_other_processes_end_with_this_one_unless_all_go_on(error, killed):
    callback = EndProcesses()
    callback.processes = [child("import time; time.sleep(60)")]
    callback.on_exception(SimpleNamespace(), None, error)
    try:
        assert (callback.processes[0].poll() is None) != killed or callback.processes[0].wait(10) == -signal.SIGKILL
    finally:
        callback.processes[0].kill()
        callback.processes[0].wait()


def test_processes_that_end_for_the_same_reason_are_waited_for():
    callback = EndProcesses()
    callback.processes = [child("import time; time.sleep(0.3)")]
    callback.on_exception(SimpleNamespace(), None, NonFiniteError("x"))
    assert callback.processes[0].wait() == 0


def test_an_error_is_a_users_error():
    assert isinstance(ProcessError("rank 1: x"), Exception) and str(ProcessError("a\nb")) == "a b"
