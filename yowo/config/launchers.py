"""Checks that the processes which torchrun or srun has started are as many as the Trainer is told.

Lightning waits for processes that nobody starts, or lets each of those that were started train alone.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

import torch
from omegaconf import DictConfig, ListConfig

from yowo.errors import ConfigError

INTERACTIVE = ("bash", "interactive")
"""Names of SLURM jobs in which somebody types commands: there, Lightning starts the processes itself."""


class Started(NamedTuple):
    """What a launcher has started.

    Attributes:
        by: The launcher, which is also the choice of the group `trainer` for it.
        processes: Number of processes on all nodes.
        nodes: Number of nodes.
    """

    by: str
    processes: int
    nodes: int


def started(environ: Mapping[str, str] = os.environ) -> Started | None:
    """Return what a launcher has started; None without one.

    Args:
        environ: Environment variables of this process.

    Raises:
        ConfigError: SLURM has several tasks, and this process is not one of them.
    """
    if "TORCHELASTIC_RUN_ID" in environ:
        return Started("torchrun", int(environ["WORLD_SIZE"]), int(environ.get("GROUP_WORLD_SIZE", "1")))
    if "SLURM_NTASKS" not in environ or environ.get("SLURM_JOB_NAME") in INTERACTIVE:
        return None
    tasks = int(environ["SLURM_NTASKS"])
    if tasks > 1 and "SLURM_STEP_ID" not in environ:
        raise ConfigError(f"this SLURM job has {tasks} tasks, and one of them is running: put srun before yowo")
    if tasks > 1 and "SLURM_NTASKS_PER_NODE" not in environ:
        raise ConfigError(
            f"this SLURM job was given --ntasks={tasks}, from which nobody knows the tasks of a node; give "
            "--ntasks-per-node in its place"
        )
    return Started("slurm", tasks, int(environ.get("SLURM_NNODES", "1")))


def check_launcher(trainer: DictConfig, environ: Mapping[str, str] = os.environ) -> None:
    """Check the numbers of devices and nodes of a Trainer's configuration.

    Args:
        trainer: The node `trainer`.
        environ: Environment variables of this process.

    Raises:
        ConfigError: A launcher has started another number of processes or nodes.
    """
    found = started(environ)
    if found is None:
        return
    devices, nodes = number_of_devices(trainer), int(trainer.get("num_nodes") or 1)
    if (devices * nodes, nodes) != (found.processes, found.nodes):
        raise ConfigError(
            f"trainer.devices={_plain(trainer.get('devices'))} trainer.num_nodes={nodes}: "
            f"{_counted(devices * nodes, nodes)}, and {'srun' if found.by == 'slurm' else found.by} has started "
            f"{_counted(found.processes, found.nodes)}; give trainer={found.by}, which takes them as they are"
        )


def number_of_devices(trainer: DictConfig) -> int:
    """Return the number of devices of a node that a Trainer's configuration means."""
    devices, accelerator = trainer.get("devices", "auto"), trainer.get("accelerator", "auto")
    if isinstance(devices, ListConfig):
        return len(devices)
    if devices in ("auto", "-1", -1):
        gpus = torch.cuda.device_count() if accelerator in ("auto", "gpu", "cuda") else 0
        return max(1, gpus)
    if isinstance(devices, str) and "," in devices:
        return len([index for index in devices.split(",") if index.strip()])
    return int(devices)


def check_batch_norm(synchronised: bool, device: torch.device, processes: int) -> None:
    """Check that batch norm can be synchronised where it should be.

    Args:
        synchronised: `trainer.sync_batchnorm`.
        device: Where this process computes.
        processes: Number of processes.

    Raises:
        ConfigError: Several processes train on the CPU.
    """
    if synchronised and device.type == "cpu" and processes > 1:
        raise ConfigError(
            "trainer.sync_batchnorm=true: torch synchronises batch norm on GPUs only; give trainer.sync_batchnorm=false"
        )


def _counted(processes: int, nodes: int) -> str:
    many = "1 process" if processes == 1 else f"{processes} processes"
    return f"{many} on {'1 node' if nodes == 1 else f'{nodes} nodes'}"


def _plain(devices: object) -> object:
    return list(devices) if isinstance(devices, ListConfig) else devices
