"""Writes records of a run into its folder: the resolved configuration, the command, and versions."""

import json
import logging
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

import yowo
from yowo.commands.log_lines import is_first_process, note
from yowo.commands.run_folder import RUN, exact_owner, read_record
from yowo.config.remembered_run import is_remembered, joined
from yowo.whole_file import whole_file

log = logging.getLogger(__name__)
GIT_SECONDS = 20
RESULTS = ("trained", "evaluated", "score", "cpu_ms_a_frame", "ms_a_frame")
"""Entries of run.json that a run loses when it trains on."""
LENGTH = ("max_epochs", "max_steps")
"""Keys of `trainer` that say how long a training is."""
BUDGET = "cpu_minutes"
"""Key of the CPU time of a training."""
LIBRARIES = ("yowo-lightning", "torch", "lightning", "torchmetrics", "hydra-core", "decord", "av", "numpy")
FACTS = ("command", "python", "versions", "git_commit", "git_dirty")
"""What a record says of the program, for the configuration that loggers get."""


def run_folder() -> Path:
    """Return the folder of the running Hydra job."""
    return Path(HydraConfig.get().runtime.output_dir)


def record_run(config: DictConfig, before: Sequence[str] = ()) -> None:
    """Write config.yaml (resolved) and run.json into the run's folder; what earlier starts wrote in run.json stays.

    Args:
        config: Configuration of the command.
        before: What was typed for the run in earlier starts.
    """
    if not is_first_process():
        return
    folder = run_folder()
    note(f"yowo {yowo.__version__}: {shlex.join(sys.argv)}")
    note(f"folder of the run: {folder}")
    if config.get("resume") is not None:
        log.info("goes on from %s", config.resume)
    with whole_file(folder / "config.yaml") as path:
        path.write_text(_resolved(config), encoding="utf-8")
    record = read_record(folder)
    start = {"command": shlex.join(sys.argv), "python": platform.python_version(), **code_state()}
    about = {
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "overrides": typed_overrides(before),
        "resume": config.get("resume"),
    }
    stays = record if is_trained(record, config) else {k: v for k, v in record.items() if k not in RESULTS}
    starts = [*record.get("starts", []), {**exact_owner(), **start, **about}]
    _write(folder, {**stays, **exact_owner(), **start, "starts": starts})


def typed_overrides(before: Sequence[str] = ()) -> list[str]:
    """Return the overrides of the running Hydra job that say what the run is, after those of earlier starts."""
    return joined(before, [o for o in HydraConfig.get().overrides.task if is_remembered(o)])


def code_state() -> dict[str, Any]:
    """Return the versions of what computes a run, and the state of the checkout."""
    return {
        "versions": {name: _version(name) for name in LIBRARIES},
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": _is_dirty(),
    }


def run_facts() -> dict[str, Any]:
    """Return what the record of the run holds about versions, Git and the command; empty if there is no record."""
    record = read_record(run_folder())
    return {key: record[key] for key in FACTS if key in record}


def record_training(seconds: float, parameters: int, trained: Mapping[str, Any] | None = None) -> None:
    """Add to run.json that training has ended.

    Args:
        seconds: Time of training in this start; run.json has that of all starts.
        parameters: Number of parameters.
        trained: How long the training was to be (`planned`); None if that does not matter.
    """
    if is_first_process():
        before = read_record(run_folder())
        total = round(seconds + before.get("seconds", 0), 1)
        record = {**before, "seconds": total, "parameters": parameters}
        _write(run_folder(), record if trained is None else {**record, "trained": dict(trained)})


def record_result(score: float | None, evaluated: bool) -> None:
    """Add to run.json the best value of the monitored metric, and whether the best checkpoint was evaluated."""
    if is_first_process():
        _write(run_folder(), {**read_record(run_folder()), "score": score, "evaluated": evaluated})


def record_times(times: Mapping[str, float]) -> None:
    """Add to run.json how long detection takes."""
    if is_first_process():
        _write(run_folder(), {**read_record(run_folder()), **times})


def record_logs(wandb_id: str, names: Mapping[str, Any]) -> None:
    """Add to run.json which run of W&B belongs to it, and what it is found by."""
    if is_first_process():
        _write(run_folder(), {**read_record(run_folder()), "wandb_id": wandb_id, "wandb_names": dict(names)})


def planned(config: DictConfig) -> dict[str, Any]:
    """Return how long a training is to be."""
    return {**{key: config.trainer.get(key) for key in LENGTH}, BUDGET: config.get(BUDGET)}


def is_trained(record: Mapping[str, Any], config: DictConfig) -> bool:
    """Return whether a run was trained for as long as a configuration says, or longer.

    Args:
        record: Content of run.json.
        config: Configuration of `yowo train`.
    """
    trained = record.get("trained")
    if not isinstance(trained, dict) or config.get("trainer") is None:
        return False
    return all(_reaches(trained.get(key), wanted) for key, wanted in planned(config).items())


def _reaches(done: float | None, wanted: float | None) -> bool:
    return done == wanted or (done is not None and wanted is not None and 0 <= wanted <= done)


def _write(folder: Path, record: dict[str, Any]) -> None:
    with whole_file(folder / RUN) as path:
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _resolved(config: DictConfig) -> str:
    """Return a configuration as text, unresolved if an interpolation needs a data set's folder that is not given."""
    try:
        return OmegaConf.to_yaml(config, resolve=True)
    except InterpolationToMissingValueError:  # detection needs no data set
        return OmegaConf.to_yaml(config)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _is_dirty() -> bool | None:
    """Return whether the checkout has changes that are not committed; None outside a checkout."""
    found = _git("status", "--porcelain", "--untracked-files=no")
    return None if found is None else bool(found)


def _git(*arguments: str) -> str | None:
    """Return what Git says of the checkout that this package lies in; None outside a checkout, or without Git."""
    folder = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=GIT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
