"""A study of Optuna: its storage, and the file that tells a job which trial of it the job is."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from yowo.errors import ConfigError
from yowo.whole_file import whole_file

TRIAL = "trial.json"
JOURNAL = "journal:"
WAIT = 60
"""Seconds that SQLite waits for another process's turn."""


def write_trial(folder: Path, storage: str, study: str, trial: int, pruner: dict[str, Any]) -> None:
    """Write into a job's folder which trial it is.

    Args:
        folder: The folder of the job.
        storage: Where the study is kept.
        study: Name of the study.
        trial: Number of the trial in the storage.
        pruner: Node of the pruner.
    """
    facts = {"storage": storage, "study": study, "trial": trial, "pruner": pruner}
    with whole_file(folder / TRIAL) as unfinished:
        unfinished.write_text(json.dumps(facts, indent=1), encoding="utf-8")


def optuna() -> Any:
    """Return the module of Optuna, which logs warnings only.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        found = import_module("optuna")
    except ImportError as error:
        raise ConfigError("hydra/sweeper=yowo_optuna: Optuna is not installed; run pip install optuna") from error
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def open_study(storage: str, name: str, direction: str | None, sampler: Any, pruner: Any) -> Any:
    """Open a study of Optuna.

    Args:
        storage: Its storage, as for `OptunaSearch`.
        name: Its name.
        direction: Creates the study if it is not there; None: it must be there.
        sampler: Sampler; None where nothing is drawn.
        pruner: Pruner.

    Returns:
        The study.

    Raises:
        ConfigError: Optuna is not installed, or the storage cannot be opened.
    """
    library = optuna()
    sampler = library.samplers.RandomSampler() if sampler is None else sampler
    try:
        opened = _storage(storage)
        if direction is None:
            return library.load_study(study_name=name, storage=opened, sampler=sampler, pruner=pruner)
        return library.create_study(
            study_name=name, storage=opened, sampler=sampler, pruner=pruner, direction=direction, load_if_exists=True
        )
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"hydra.sweeper.storage={storage}: the study {name} cannot be opened ({reason})") from error


def _storage(storage: str) -> Any:
    storages = optuna().storages
    if storage.startswith(JOURNAL):
        backend = import_module("optuna.storages.journal").JournalFileBackend(storage.removeprefix(JOURNAL))
        return storages.JournalStorage(backend)
    options = {"connect_args": {"timeout": WAIT}} if storage.startswith("sqlite") else {}
    return storages.RDBStorage(storage, engine_kwargs=options)
