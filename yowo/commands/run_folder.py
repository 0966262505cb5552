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
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from yowo.commands.log_lines import process_number
from yowo.commands.messages import tell_error, tell_warning
from yowo.commands.shared_folder import folder_of_the_first, forget_folder, is_the_first, tell_folder
from yowo.commands.sweep_plugins import OPTUNA
from yowo.config.path_values import quoted
from yowo.errors import ConfigError, YowoError
from yowo.process_life import is_alive, process_began
from yowo.reports.run_status import STATUS
from yowo.whole_file import whole_file

EXIT_USER_ERROR = 2
RUN, SWEEP = "run.json", "multirun.yaml"
"""The record that reserves the folder of a run, and of a sweep: whoever creates it has the folder."""
RECORDS = {RUN, SWEEP, "config.yaml", ".hydra", STATUS, "trial.json"}
"""What a run writes before it has any result."""
LAST = "last.ckpt"
AUTO = "auto"
"""`resume=auto`: go on with what there is, else begin."""


class OwnFolder(Callback):
    """Reserves the folder of a run or sweep when Hydra starts it (`hydra.callbacks`).

    A folder named by the time, or by a file in conf/, is numbered on (`..._2`) if another run has it. A folder that the
    user names is theirs to choose: if it holds a run, that is an error, unless `resume` goes on in it.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Reserve `hydra.run.dir`."""
        _reserve(config, "run", RUN)

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Forget what the other processes of a job were told."""
        forget_folder(Path(str(OmegaConf.select(config, "hydra.run.dir"))))

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Reserve `hydra.sweep.dir`."""
        _reserve(config, "sweep", SWEEP)


def _reserve(config: DictConfig, kind: str, record: str) -> None:
    """Reserve a folder and put it into the configuration; an error ends the process as errors of commands do.

    Raises:
        SystemExit: The folder cannot be had; Hydra would make a warning of an error.
    """
    together = OmegaConf.select(config, "trainer") is not None  # without a Trainer, each process is a run of its own
    key = f"hydra.{kind}.dir"
    wanted = Path(str(OmegaConf.select(config, key)))
    try:
        if not is_the_first(together):
            if kind == "run":
                _share(config)
            return
        if _is_typed(config, key):
            folder = named_folder(wanted, key, record, AUTO if _searches(config) else config.get("resume"))
        else:
            folder = next(path for path in _numbered(wanted) if take(path, record))
            if together and kind == "run":
                tell_folder(folder)
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


def _share(config: DictConfig) -> None:
    """Give a process that is not the first of its run the folder of the first, in which it writes its log only."""
    with read_write(config), open_dict(config):
        config.hydra.output_subdir = None  # the first process writes Hydra's records
    wanted = Path(str(OmegaConf.select(config, "hydra.run.dir")))
    folder = None if _is_typed(config, "hydra.run.dir") else folder_of_the_first(wanted.parent)
    if folder is None:  # Lightning has started this process, with the folder on its command line
        return
    with read_write(config), open_dict(config):
        config.hydra.run.dir = str(folder)
        config.hydra.job.name = f"{config.hydra.job.name}_process_{process_number(together=True)}"


def _searches(config: DictConfig) -> bool:
    """Return whether a sweep is a search that goes on with the trials that its storage has."""
    return OmegaConf.select(config, "hydra.sweeper._target_") == OPTUNA and OmegaConf.select(config, "hydra.mode") in (
        RunMode.MULTIRUN,
        "MULTIRUN",
    )


def _is_typed(config: DictConfig, key: str) -> bool:
    return any(str(override).startswith(f"{key}=") for override in config.hydra.overrides.hydra)


def named_folder(wanted: Path, key: str, record: str, resume: str | None) -> Path:
    """Take a folder that the user has named.

    Args:
        wanted: The folder; it may not exist yet.
        key: The key that names it, for errors.
        record: The record that reserves it.
        resume: The checkpoint to go on from, if any: its own folder can be named again; `auto` for a sweep whose jobs
            go on each with its own.

    Returns:
        The folder.

    Raises:
        ConfigError: It holds a run, or a process still works in it.
        OSError: It cannot be written.
    """
    if goes_on_in(wanted, resume):
        if record == RUN:
            refuse_if_running(wanted)
            claim(wanted)
        return wanted
    if not take(wanted, record):
        way = f"yowo train resume={wanted} goes on with it" if (wanted / LAST).is_file() else "see its files"
        raise ConfigError(f"{key}={wanted}: holds a run already ({way}); give another folder for a new run")
    return wanted


def goes_on_in(folder: Path, resume: str | None) -> bool:
    """Return whether a run goes on in a folder: that of its checkpoint; with `auto` any."""
    if resume is None or not folder.is_dir():
        return False
    return resume == AUTO or folder.resolve() == folder_of(Path(resume))


def folder_of(checkpoint: Path) -> Path | None:
    """Return the folder of the run that wrote a checkpoint; None if the file lies elsewhere by now."""
    parents = checkpoint.resolve().parents
    return next((folder for folder in parents[:2] if (folder / RUN).is_file()), None)


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
            json.dump(exact_owner(), file)
    except OSError:  # the disk is full
        path.unlink(missing_ok=True)
        raise
    return True


def claim(folder: Path) -> None:
    """Note in the record of a run that this process goes on with it.

    Raises:
        OSError: It cannot be written.
    """
    with whole_file(folder / RUN) as path:
        path.write_text(json.dumps({**read_record(folder), **exact_owner()}, indent=1), encoding="utf-8")


def owner() -> dict[str, str | int]:
    """Return what tells this process from others: the machine and the number of the process."""
    return {"host": socket.gethostname(), "process": os.getpid()}


def exact_owner() -> dict[str, str | int | None]:
    """Return `owner` and when the process began, because a machine uses numbers again."""
    return {**owner(), "process_began": process_began(os.getpid())}


def read_record(folder: Path) -> dict[str, Any]:
    """Return the content of run.json in a run's folder; empty if there is none, or if it is damaged."""
    with suppress(OSError, ValueError):
        found = json.loads((folder / RUN).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def refuse_if_running(folder: Path) -> None:
    """Check that no process of this machine still works in a run's folder.

    Raises:
        ConfigError: One does.
    """
    record = read_record(folder)
    process = record.get("process")
    if process != os.getpid() and _is_at_work(record):
        raise ConfigError(
            f"{folder}: process {process} is still training in this folder; wait for its end, or end it with kill "
            f"{process}, which keeps its last checkpoint"
        )


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
    return isinstance(process, int) and (process == os.getpid() or not _is_at_work(found))


def _is_at_work(record: dict[str, Any]) -> bool:
    """Return whether the process that a record names is still there, on this machine."""
    process = record.get("process")
    if record.get("host") != socket.gethostname() or not isinstance(process, int):
        return False
    return is_alive(process, record.get("process_began"))


def _numbered(folder: Path) -> Iterator[Path]:
    yield folder
    for number in count(2):
        yield folder.with_name(f"{folder.name}_{number}")


def _end(error: YowoError) -> NoReturn:
    tell_error(error)
    sys.exit(EXIT_USER_ERROR)
