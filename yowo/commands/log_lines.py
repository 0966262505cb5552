"""The log of a command: plain lines on stdout, warnings and errors on stderr, everything in the log file of a run.

Libraries tell much that users of this program cannot act on: adverts, hints to programmers, names that will change.
Of theirs, only errors and the warnings in `USEFUL` are shown.
"""

import logging
import os
import re
import sys
import warnings

from yowo.commands.messages import tell_error, tell_warning
from yowo.progress import on_terminal

LIBRARIES = (
    *("lightning", "lightning_fabric", "lightning_utilities", "pytorch_lightning", "torch", "torchmetrics", "wandb"),
    *(
        "matplotlib",
        "PIL",
        "libav",
        "fsspec",
        "urllib3",
        "requests",
        "git",
        "tensorboard",
        "asyncio",
        "numexpr",
        "filelock",
    ),
)
USEFUL = re.compile(
    "|".join(
        (
            "AMP with fp16 is not supported on CPU",
            "GPU available but not used",
            "resuming from a checkpoint that ended before the epoch ended",
            "callbacks used to create the checkpoint need to be provided",
            "The checkpoint was not created with WeightAveraging",
            "does not have a deterministic implementation",
            "CUDA initialization",
            "no CUDA-capable device|driver .* is too old|not compatible with the current PyTorch installation",
        )
    )
)
"""Warnings of libraries that a user can act on."""
NUMBERS_OF_PROCESSES = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")
"""Environment variables with the number of a process, those that Lightning reads, in its order."""
ONLY_FILE = {"only_file": True}
"""Marks a line that the terminal shows in another form, such as a table."""


def start_logging() -> None:
    """Send the log of a command to the terminal, and keep libraries quiet; before libraries are imported."""
    root = logging.getLogger()
    if not any(isinstance(handler, ConsoleHandler) for handler in root.handlers):
        root.addHandler(ConsoleHandler())
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not print a traceback for each line of the log
    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # of data workers and of the processes that Lightning starts
    logging.captureWarnings(True)
    if not sys.warnoptions:
        warnings.simplefilter("default")


def quiet_lightning() -> None:
    """Take away the handlers that Lightning adds when it is imported; its records then reach ours only."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def is_first_process() -> bool:
    """Return whether this is the only process of a run or its first one, which prints and writes.

    Lightning and the launchers of clusters tell each process its number in an environment variable. Lightning itself is
    not imported for it, because detection runs without it; and what runs without it is one process each, however many
    of them a cluster has started.
    """
    return process_number(together="lightning" in sys.modules) == 0


def process_number(together: bool) -> int:
    """Return the number of this process among those of its run, from 0.

    Args:
        together: Whether the processes that a cluster starts work together; if not, each is a run of its own.
    """
    names = NUMBERS_OF_PROCESSES if together else NUMBERS_OF_PROCESSES[:2]
    number = int(next((os.environ[name] for name in names if os.environ.get(name)), "0"))
    if together and number == 0 and not os.environ.get("RANK"):  # the first process of a node that the user numbers
        return int(os.environ.get("NODE_RANK") or "0")
    return number


def is_noise(record: logging.LogRecord) -> bool:
    """Return whether a record comes from a library and says nothing that a user can act on."""
    of_library = record.name == "py.warnings" or record.name.split(".")[0] in LIBRARIES
    return of_library and record.levelno < logging.ERROR and not USEFUL.search(record.getMessage())


class ConsoleHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Prints records as lines: information on stdout, `warning: ...` and `error: ...` on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, unless the terminal shows it in another way or it is of no use to a user."""
        shown_otherwise = getattr(record, "only_file", False) or (getattr(record, "step", False) and on_terminal())
        if shown_otherwise or is_noise(record):
            return
        text = record.getMessage()
        if record.name == "py.warnings":
            text = without_place(text)
        if record.levelno < logging.ERROR and not is_first_process():
            return
        if record.levelno >= logging.ERROR:
            tell_error(text)
        elif record.levelno >= logging.WARNING:
            tell_warning(text)
        else:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


class LogFile(logging.FileHandler):
    """The log file of a run: a line for each record with its time; without what libraries say of themselves.

    The first process writes all of it; others write their warnings and errors, and no file without any.
    """

    def __init__(self, filename: str) -> None:
        """Open the file, in other processes than the first with the first record.

        It is UTF-8 whatever the system's language is.
        """
        super().__init__(filename, encoding="utf-8", delay=not is_first_process())
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless it is of no use to a user."""
        if not is_noise(record) and (record.levelno >= logging.WARNING or is_first_process()):
            super().emit(record)


def without_place(text: str) -> str:
    r"""Return a Python warning without the place in the code that raised it.

    Examples:
        >>> without_place("/lib/a.py:12: UserWarning: GPU available but not used.")
        'GPU available but not used.'
    """
    found = re.match(r"\S+:\d+: (?:\w*Warning: )?(.*)", text)
    return found[1] if found else text


def log_error(error: Exception) -> None:
    """Log the error that ends a job; it reaches stderr whatever logging the user has configured.

    An error that all processes of a run raise (`agreed`) is told by the first one.
    """
    if getattr(error, "agreed", False) and not is_first_process():
        return
    logging.getLogger(__name__).error("%s", error)
    if not any(isinstance(handler, ConsoleHandler) for handler in logging.getLogger().handlers):
        tell_error(error)


def note(text: str) -> None:
    """Write a line into the log file of the run; the terminal shows it in another form."""
    logging.getLogger(__name__).info(text, extra=ONLY_FILE)
