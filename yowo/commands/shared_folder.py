"""One folder for all processes of a training that a launcher has started: torchrun, or srun of SLURM.

Each of them composes the configuration for itself, and would name the folder of the run by its own clock. The first one
notes its folder, under what names the job, where runs go; the others wait for the note.
"""

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

from yowo.commands.log_lines import process_number
from yowo.errors import ConfigError
from yowo.whole_file import whole_file

PATIENCE = 300.0
"""Seconds that a process waits for the first one, which may still be importing."""
MARGIN = 60.0
"""Seconds that a note may be older than this process, where the job's name may be that of an earlier job."""
PAUSE = 0.1


_STARTED = time.time()


def is_launched() -> bool:
    """Return whether several processes that train together were started each with the user's command."""
    set_by_hand = "NODE_RANK" in os.environ and "MASTER_ADDR" in os.environ
    return "TORCHELASTIC_RUN_ID" in os.environ or _tasks() > 1 or set_by_hand


def _tasks() -> int:
    number = os.environ.get("SLURM_NTASKS", "1")
    return int(number) if number.isdigit() and "SLURM_PROCID" in os.environ else 1


def _on_one_machine() -> bool:
    return os.environ.get("WORLD_SIZE") == os.environ.get("LOCAL_WORLD_SIZE", "unknown")


def job_name() -> str:
    """Return what the processes of one start of a job have in common, as a file name."""
    of_torchrun = ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "MASTER_ADDR", "MASTER_PORT")
    names = (*of_torchrun, "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
    words = [os.environ.get(name, "") for name in names]
    if _on_one_machine():
        words.append(str(os.getppid()))  # torchrun, whose name for the job is "none" unless it is given one
    return re.sub(r"[^\w.-]+", "_", "-".join(word for word in words if word)) or "none"


def _may_be_old() -> bool:
    """Return whether an earlier job can have had this one's name."""
    return not _on_one_machine() and "SLURM_JOB_ID" not in os.environ


def _note(parent: Path) -> Path:
    return parent / f".job-{job_name()}.json"


def is_the_first(together: bool = True) -> bool:
    """Return whether this process is the first of those that train or evaluate together, on all machines.

    Args:
        together: Whether they do; if not, each is a run of its own.
    """
    return process_number(together) == 0 and (not together or os.environ.get("NODE_RANK", "0") in ("", "0"))


def tell_folder(folder: Path) -> None:
    """Note the folder of the run for the other processes of the job, if there are any.

    Raises:
        YowoError: It cannot be written.
    """
    if is_launched():
        with whole_file(_note(folder.parent)) as path:
            path.write_text(json.dumps({"folder": str(folder.absolute()), "time": time.time()}), encoding="utf-8")


def forget_folder(folder: Path) -> None:
    """Remove the note, when the run ends."""
    if is_launched() and is_the_first():
        with suppress(OSError):
            _note(folder.parent).unlink(missing_ok=True)


def folder_of_the_first(parent: Path, patience: float = PATIENCE) -> Path | None:
    """Return the folder that the first process of the job has.

    Args:
        parent: The folder where runs go.
        patience: Seconds to wait for it.

    Returns:
        The folder; None for the first process itself, and where there is no launcher.

    Raises:
        ConfigError: The first process did not name a folder.
    """
    if not is_launched() or is_the_first():
        return None
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(_note(parent).read_text(encoding="utf-8"))
            if not _may_be_old() or found["time"] >= _STARTED - MARGIN:
                return Path(found["folder"])
        time.sleep(PAUSE)
    raise ConfigError(
        f"{parent}: the first process of the job has not named the folder of the run for {patience:.0f} s; is the disk "
        "the same for all processes? hydra.run.dir=FOLDER names it for all"
    )
