"""How a run ends that fails: with one line, which is the error of the process that failed first."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from omegaconf import DictConfig

from yowo.commands.interruption import was_interrupted
from yowo.commands.memory_shortage import memory_shortage
from yowo.errors import YowoError
from yowo.training.guarding.processes import EndProcesses, is_lost
from yowo.whole_file import disk_errors


@contextmanager
def one_ending(processes: EndProcesses, config: DictConfig, training: bool = True) -> Iterator[None]:
    """Turn what ends the block into the error to tell: with several processes, that of the one that failed.

    Args:
        processes: The callback that knows the processes of the run.
        config: Configuration of the run, for what to do when memory runs out.
        training: Whether the block trains; otherwise it evaluates.

    Raises:
        YowoError: Memory ran out, the disk took no more, or a process of several failed; errors of a single process are
            raised unchanged.
    """
    try:
        with disk_errors():
            yield
    except BaseException as error:
        processes.close()
        if was_interrupted():
            raise
        shortage = memory_shortage(error, config, training)
        told = processes.told(shortage or error)
        if told is None and shortage is None:
            raise
        if told is not None and not (shortage or isinstance(error, YowoError | SystemExit) or is_lost(error)):
            sys.excepthook(type(error), error, error.__traceback__)
        raise (told or shortage or error) from error
