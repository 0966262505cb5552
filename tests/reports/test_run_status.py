import json
import subprocess
import sys

import pytest

from yowo.reports.run_status import (
    FAILED,
    GONE,
    LONGEST_REASON,
    RUNNING,
    STATUS,
    ended,
    read_status,
    started,
    write_status,
)


def test_what_is_written_is_read(tmp_path):
    status = ended(started(), FAILED, "two\nlines")
    write_status(tmp_path / "run", status)
    assert read_status(tmp_path / "run") == status and status.reason == "two lines"
    assert read_status(tmp_path) is None


def test_a_long_reason_is_shortened():
    assert len(ended(started(), FAILED, "x" * 1000).reason) == LONGEST_REASON


def test_a_run_whose_process_is_gone_has_failed(tmp_path):
    write_status(tmp_path, started())
    assert read_status(tmp_path).state == RUNNING and read_status(tmp_path).is_at_work
    record = json.loads((tmp_path / STATUS).read_text())
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    (tmp_path / STATUS).write_text(json.dumps({**record, "process": done.pid, "began": ""}))
    assert (read_status(tmp_path).state, read_status(tmp_path).reason) == (FAILED, GONE)


def test_a_process_with_the_number_of_an_earlier_one_is_not_taken_for_it(tmp_path):
    if not started().began:
        pytest.skip("this system does not tell when a process began")
    write_status(tmp_path, started())
    record = json.loads((tmp_path / STATUS).read_text())
    (tmp_path / STATUS).write_text(json.dumps({**record, "began": "another start of the machine 1"}))
    assert read_status(tmp_path).state == FAILED


def test_another_machine_cannot_be_asked(tmp_path):
    write_status(tmp_path, started())
    record = json.loads((tmp_path / STATUS).read_text())
    (tmp_path / STATUS).write_text(json.dumps({**record, "host": "elsewhere"}))
    assert read_status(tmp_path).state == RUNNING and read_status(tmp_path).is_at_work is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "asleep"}'])
def test_a_damaged_file_says_nothing(text, tmp_path):
    (tmp_path / STATUS).write_text(text)
    assert read_status(tmp_path) is None
