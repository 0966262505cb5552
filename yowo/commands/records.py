"""Writes records of a run into its folder: the resolved configuration, the command, and versions."""

import json
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

import yowo
from yowo.commands.log_lines import is_first_process, note
from yowo.commands.run_folder import RUN, owner

LIBRARIES = ("yowo-lightning", "torch", "lightning", "torchmetrics", "hydra-core", "decord", "av", "numpy")


def run_folder() -> Path:
    """Return the folder of the running Hydra job."""
    return Path(HydraConfig.get().runtime.output_dir)


def record_run(config: DictConfig) -> None:
    """Write config.yaml (resolved) and run.json into the run's folder."""
    if not is_first_process():
        return
    folder = run_folder()
    note(f"yowo {yowo.__version__}: {shlex.join(sys.argv)}")
    note(f"folder of the run: {folder}")
    (folder / "config.yaml").write_text(_resolved(config))
    record: dict[str, Any] = {
        **owner(),
        "command": shlex.join(sys.argv),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "git_commit": _commit(),
    }
    (folder / RUN).write_text(json.dumps(record, indent=1))


def run_facts() -> dict[str, Any]:
    """Return what the record of the run holds about versions, Git and the command; empty if there is no record."""
    path = run_folder() / RUN
    record = json.loads(path.read_text()) if path.is_file() else {}
    return {key: value for key, value in record.items() if key not in owner()}


def record_training(seconds: float, parameters: int) -> None:
    """Add to run.json the training time in seconds and the number of parameters."""
    if not is_first_process():
        return
    path = run_folder() / RUN
    record = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**record, "seconds": round(seconds, 1), "parameters": parameters}, indent=1))


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


def _commit() -> str | None:
    """Return the Git commit of the checkout; None outside a checkout."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None
