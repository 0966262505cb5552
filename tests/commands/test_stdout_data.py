import os
import sys

import pytest

from yowo.commands.stdout_data import data_on_stdout, data_stream
from yowo.errors import YowoError


def test_data_alone_reach_standard_output_in_the_block(capfd):
    sys.stdout.write("before\n")
    with data_on_stdout():
        sys.stdout.write("for people\n")
        os.write(1, b"from a library\n")
        data_stream().write(b"{}\n")
        data_stream().flush()
        sys.stdout.write("more for people\n")
    sys.stdout.write("after\n")
    sys.stdout.flush()
    out, err = capfd.readouterr()
    assert out == "before\n{}\nafter\n"
    assert sorted(err.splitlines()) == ["for people", "from a library", "more for people"]


def test_standard_output_is_given_back_after_an_error(capfd):
    with pytest.raises(KeyError, match="x"), data_on_stdout():
        raise KeyError("x")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"


def test_without_data_nothing_changes_and_there_is_no_stream_for_them(capfd):
    with data_on_stdout(wanted=False):
        os.write(1, b"for people\n")
        with pytest.raises(YowoError, match=r"output=-: standard output holds other lines already; give a file"):
            data_stream()
    assert capfd.readouterr().out == "for people\n"


def test_a_block_that_was_left_by_a_closed_pipe_ends_all_the_same():
    read, write = os.pipe()
    saved = os.dup(1)
    os.dup2(write, 1)
    os.close(write)
    os.close(read)
    try:
        with pytest.raises(BrokenPipeError, match="Broken pipe"), data_on_stdout():
            data_stream().write(b"{}\n")
            data_stream().flush()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
