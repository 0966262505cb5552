"""Runs command lines with mistakes in one process; what would be a long job is cut before it begins."""

import contextlib
import io
import os
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch

from yowo.commands.main import main
from yowo.config import build, build_training
from yowo.config.compose import compose_config
from yowo.config.unknown_names import config_keys

LONGEST = 60
"""Seconds after which a line is one that hangs."""
CUT = {
    "yowo.commands.reproduced_row.evaluate_row": lambda *a, **k: sys.exit(0),
    "yowo.commands.weights_files.fetch_with_bar": lambda *a, **k: sys.exit(0),
    "yowo.inference.speed.frames_per_second": lambda *a, **k: 1.0,
    "yowo.commands.bench.clip_rates.cpu_table": lambda *a, **k: sys.exit(0),
    "yowo.commands.bench.score.apart": lambda *a, **k: sys.exit(0),
    "yowo.commands.bench.score.made_up": lambda *a, **k: sys.exit(0),
    "yowo.commands.bench.prepare.read": lambda *a, **k: sys.exit(0),
    "yowo.commands.data.prepare.prepare": lambda *a, **k: sys.exit(0),
}
"""Functions that take long, and what stands in their place."""


class Failure(NamedTuple):
    """A line that ended in a traceback or took too long."""

    words: list[str]
    said: str


def trainer_of(config: Any) -> Any:
    """Build the Trainer with what it is given in training."""
    loggers, callbacks = build_training.build_loggers(config), build_training.build_callbacks(config)
    return build_training.build_trainer(config, logger=loggers, callbacks=callbacks)


def without_a_job(config: Any, before: Any = ()) -> None:
    """Build everything that a run builds before it reads data."""
    with torch.device("meta"):
        detector = build.build_detector(config)
    data = build_training.build_datamodule(config)
    if "trainer" in config:
        build_training.build_module(config, detector, data)
        trainer_of(config)


def opened(config: Any) -> None:
    """Build everything that detection builds, and open the source."""
    from yowo.commands.detect import open_source

    without_a_job(config)
    with open_source(config):
        pass


@contextlib.contextmanager
def cut() -> Iterator[None]:
    """Put short functions in the place of long ones."""
    tasks: dict[str, Callable[..., Any]] = {
        "yowo.commands.entry.train.job": without_a_job,
        "yowo.commands.entry.eval.job": without_a_job,
        "yowo.commands.entry.demo.job": without_a_job,
        "yowo.commands.detect.detect_video": opened,
    }
    with contextlib.ExitStack() as stack:
        for name, short in (tasks | CUT).items():
            module, _, function = name.rpartition(".")
            stack.enter_context(mock.patch.object(import_module(module), function, short))
        yield


def all_keys() -> list[str]:
    """All keys of the configuration of `yowo train`."""
    return list(config_keys(compose_config("train", ["dataset=ucf24"])))


def try_line(words: list[str], files: Path, folder: Path) -> Failure | None:
    """Run a line in a copy of its files; None if it ended well or with a message."""
    shutil.copytree(files, folder)
    before, typed, out, err = Path.cwd(), sys.argv, io.StringIO(), io.StringIO()
    os.chdir(folder)
    sys.argv = ["yowo", *words]
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            main()
    except SystemExit:
        pass
    except BaseException:
        return Failure(words, traceback.format_exc())
    finally:
        signal.alarm(0)
        os.chdir(before)
        sys.argv = typed
        shutil.rmtree(folder, ignore_errors=True)
    said = err.getvalue() + out.getvalue()
    return Failure(words, said) if "Traceback (most recent call last)" in said else None


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"no end after {LONGEST} s")
