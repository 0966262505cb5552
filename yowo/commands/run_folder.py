"""A folder of its own for every run and every sweep, reserved before anything is written into it."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from yowo.commands.log_lines import process_number
from yowo.commands.messages import tell_error, tell_warning
from yowo.config.path_values import quoted
from yowo.errors import ConfigError, YowoError
from yowo.reports.run_status import STATUS

EXIT_USER_ERROR = 2
RUN, SWEEP = "run.json", "multirun.yaml"
"""The record that reserves the folder of a run, and of a sweep: whoever creates it has the folder."""
RECORDS = {RUN, SWEEP, "config.yaml", ".hydra", STATUS, "trial.json"}
"""What a run writes before it has any result."""
LAST = "last.ckpt"


class OwnFolder(Callback):
    """Reserves the folder of a run or sweep when Hydra starts it (`hydra.callbacks`).

    A folder named by the time, or by a file in conf/, is numbered on (`..._2`) if another run has it. A folder that the
    user names is theirs to choose: if it holds a run, that is an error, unless `resume` goes on in it.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Reserve `hydra.run.dir`."""
        _reserve(config, "run", RUN)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Reserve `hydra.sweep.dir`."""
        _reserve(config, "sweep", SWEEP)


def _reserve(config: DictConfig, kind: str, record: str) -> None:
    """Reserve a folder and put it into the configuration; an error ends the process as errors of commands do.

    Raises:
        SystemExit: The folder cannot be had; Hydra would make a warning of an error.
    """
    if not _is_first_process(config):  # the first process has reserved the folder of all
        return
    key = f"hydra.{kind}.dir"
    wanted = Path(str(OmegaConf.select(config, key)))
    try:
        if any(str(override).startswith(f"{key}=") for override in config.hydra.overrides.hydra):
            folder = named_folder(wanted, key, record, OmegaConf.select(config, "resume"))
        else:
            folder = next(path for path in _numbered(wanted) if take(path, record))
    except OSError as error:
        _end(YowoError(f"{key}={wanted}: cannot be written ({error.strerror or error}); give another folder"))
    except YowoError as error:
        _end(error)
    if folder == wanted:
        return
    tell_warning(f"{wanted} belongs to another run; this one is in {folder}")
    with read_write(config), open_dict(config):
        config.hydra[kind].dir = str(folder)
        if kind == "sweep":  # its jobs compose their configurations anew
            config.hydra.overrides.hydra.append(f"{key}={quoted(str(folder))}")


def _is_first_process(config: DictConfig) -> bool:
    """Return whether this process is to reserve the folder: the first of those that train or evaluate together.

    Without a Trainer, processes do not work together, however many of them a cluster has started.
    """
    together = OmegaConf.select(config, "trainer") is not None
    return process_number(together) == 0 and (not together or os.environ.get("NODE_RANK", "0") in ("", "0"))


def named_folder(wanted: Path, key: str, record: str, resume: str | None) -> Path:
    """Take a folder that the user has named.

    Args:
        wanted: The folder; it may not exist yet.
        key: The key that names it, for errors.
        record: The record that reserves it.
        resume: The checkpoint to go on from, if any: its own folder can be named again.

    Returns:
        The folder.

    Raises:
        ConfigError: It holds a run.
        OSError: It cannot be written.
    """
    goes_on = resume is not None and wanted.is_dir() and Path(resume).resolve().parent == wanted.resolve()
    if not goes_on and not take(wanted, record):
        last = wanted / LAST
        way = f"yowo train resume={last} {key}={wanted} goes on with it" if last.is_file() else "see its files"
        raise ConfigError(f"{key}={wanted}: holds a run already ({way}); give another folder for a new run")
    return wanted


def take(folder: Path, record: str) -> bool:
    """Make a folder and reserve it.

    Args:
        folder: The folder; it may be there without a run in it.
        record: Name of the file that reserves it. Only one process can create it, also on a shared disk.

    Returns:
        Whether the folder is ours; False if another run has it.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / record
    if path.exists() and is_given_up(folder, path):
        path.unlink(missing_ok=True)
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        return False
    try:
        with file:
            json.dump(owner(), file)
    except OSError:  # the disk is full
        path.unlink(missing_ok=True)
        raise
    return True


def owner() -> dict[str, str | int]:
    """Return what tells this process from others: the machine and the number of the process."""
    return {"host": socket.gethostname(), "process": os.getpid()}


def is_given_up(folder: Path, record: Path) -> bool:
    """Return whether a run failed before it had a result, so that its folder can be used again.

    Args:
        folder: The folder of the run.
        record: Its record, which names machine and process; without them the run counts.
    """
    if any(path.name not in RECORDS and path.suffix != ".log" for path in folder.iterdir()):
        return False
    found: Any = None
    with suppress(OSError, ValueError):
        found = json.loads(record.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or found.get("host") != socket.gethostname():
        return False
    process = found.get("process")
    return isinstance(process, int) and (process == os.getpid() or not _is_alive(process))


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        return True
    return True


def _numbered(folder: Path) -> Iterator[Path]:
    yield folder
    for number in count(2):
        yield folder.with_name(f"{folder.name}_{number}")


def _end(error: YowoError) -> NoReturn:
    tell_error(error)
    sys.exit(EXIT_USER_ERROR)
