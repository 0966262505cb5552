import errno

import pytest
from omegaconf import OmegaConf

from yowo.commands import endings
from yowo.commands.endings import one_ending
from yowo.errors import DatasetError, YowoError
from yowo.training.guarding.processes import EndProcesses, ProcessError

CONFIG = OmegaConf.create({"dataset": {"batch_size": 8}, "trainer": {"accumulate_grad_batches": 1}})


def end(error, processes, **options):
    with one_ending(processes, CONFIG, **options):
        raise error


def several(folder):
    processes = EndProcesses(folder)
    processes.rank, processes.world = 1, 2
    return processes


@pytest.mark.parametrize("error", [ValueError("x"), DatasetError("y"), SystemExit(3)])
def test_errors_of_one_process_are_raised_unchanged(tmp_path, error):
    with pytest.raises(type(error), match=r"^[xy3]$") as caught:
        end(error, EndProcesses(tmp_path))
    assert caught.value is error


def test_errors_of_several_processes_have_a_rank_and_those_of_the_program_a_traceback(tmp_path, capsys):
    with pytest.raises(ProcessError, match="rank 1: ValueError: x"):
        end(ValueError("x"), several(tmp_path))
    assert "Traceback" in capsys.readouterr().err
    with pytest.raises(ProcessError, match="rank 1: y"):
        end(DatasetError("y"), several(tmp_path))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("folder", "rank"), [(EndProcesses, ""), (several, "rank 1: ")])
def test_memory_that_ran_out_is_told_with_what_to_type(tmp_path, folder, rank):
    with pytest.raises(YowoError, match=f"^{rank}memory ran out with dataset.batch_size=8; dataset.batch_size=4"):
        end(MemoryError(), folder(tmp_path))


def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(YowoError, match=r"a\.ckpt: cannot be written"):
        end(OSError(errno.ENOSPC, "No space left on device", "a.ckpt"), EndProcesses(tmp_path))


def test_interruptions_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(endings, "was_interrupted", lambda: True)
    with pytest.raises(ValueError, match="x"):
        end(ValueError("x"), several(tmp_path))
    assert not list(tmp_path.iterdir())
