"""One GPU for each job of a sweep that runs jobs side by side on one machine."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from omegaconf import DictConfig

_held: list[IO[bytes]] = []
"""Locks of this process, one at a time: the system lets them go when the process ends, however it ends."""


def gpu_of_job(config: DictConfig, sweep: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the GPU for the job that this process runs.

    Args:
        config: Configuration of the job. What names its devices itself keeps them: `trainer.devices=2` or `[1]`.
        sweep: Folder of the sweep, where a file for each GPU tells the other workers that it is taken.
        environ: Environment variables; CUDA_VISIBLE_DEVICES limits the choice.

    Returns:
        A value for CUDA_VISIBLE_DEVICES; None where there is nothing to choose: one GPU or none, a job that runs on the
        CPU, or more jobs at the same time than GPUs.
    """
    trainer = config.get("trainer") or {}
    devices = trainer.get("devices")
    if str(trainer.get("accelerator")) == "cpu" or devices not in ("auto", None, 1, "1"):
        return None
    gpus = visible_gpus(environ)
    return free_one(gpus, sweep) if len(gpus) > 1 else None


def visible_gpus(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the GPUs that a process may use, as CUDA_VISIBLE_DEVICES names them; without loading torch."""
    chosen = environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() and name.strip() != "-1"]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        listed = subprocess.run(
            [program, "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listed.stdout.split() if listed.returncode == 0 else []


def free_one(gpus: list[str], sweep: Path) -> str | None:
    """Take a GPU that no other worker of the sweep has; None if all are taken.

    The GPU that this process had for its job before is given back first.
    """
    while _held:
        _held.pop().close()
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return None
    for gpu in gpus:
        file = (sweep / f".gpu-{gpu.replace('/', '_')}").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        _held.append(file)
        return gpu
    return None
