import os
import subprocess
import sys

import pytest

from tests.inference.outputs.made_frames import names
from yowo.errors import YowoError
from yowo.inference.outputs.growing_lines import GrowingLines

FILLS = """
import resource, signal, sys
from pathlib import Path
from yowo.errors import YowoError
from yowo.inference.outputs.growing_lines import GrowingLines
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (25, 25))
lines = GrowingLines(Path(sys.argv[1]))
try:
    while True:
        lines.append("ten signs\\n")
except YowoError as error:
    print(error)
lines.close()
"""


def test_lines_are_there_at_once_and_an_earlier_file_stays_until_all_are(tmp_path):
    path = tmp_path / "new" / "a.csv"
    lines = GrowingLines(path)
    lines.append("1\n")
    assert path.read_text() == "1\n"
    lines.finish()
    lines.close()
    again = GrowingLines(path)
    again.append("2\n")
    assert (path.read_text(), again.path.read_text(), again.path.name) == ("1\n", "2\n", "a.unfinished.csv")
    again.finish()
    assert (names(path.parent), path.read_text(), again.path) == (["a.csv"], "2\n", path)


@pytest.mark.parametrize("ended", [lambda lines: lines.close(), lambda lines: lines.finish(complete=False)])
def test_what_is_incomplete_stays_beside_an_earlier_file(tmp_path, ended):
    (tmp_path / "a.csv").write_text("earlier")
    lines = GrowingLines(tmp_path / "a.csv")
    lines.append("1\n")
    ended(lines)
    assert (tmp_path / "a.csv").read_text() == "earlier" and lines.path.read_text() == "1\n"


def test_a_full_disk_leaves_whole_lines_and_is_one_line(tmp_path):
    done = subprocess.run([sys.executable, "-c", FILLS, tmp_path / "a.txt"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path}/a.txt: cannot be written (")
    assert done.stdout.endswith("); what was written before is in it\n")
    assert (tmp_path / "a.txt").read_text() == 2 * "ten signs\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(YowoError, match=r"a\.txt: cannot be written \(Permission denied\)"):
        GrowingLines(tmp_path / "a.txt")


def test_names_that_are_no_text_are_written_all_the_same(tmp_path):
    lines = GrowingLines(tmp_path / "a.txt")
    lines.append("ж\udcff\n")
    lines.close()
    assert (tmp_path / "a.txt").read_text() == "ж\\udcff\n"


def test_a_named_pipe_gets_the_lines_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    reader = os.open(tmp_path / "a.jsonl", os.O_RDONLY | os.O_NONBLOCK)
    lines = GrowingLines(tmp_path / "a.jsonl")
    lines.append("1\n")
    assert os.read(reader, 10) == b"1\n"
    lines.finish()
    os.close(reader)
    assert names(tmp_path) == ["a.jsonl"]
