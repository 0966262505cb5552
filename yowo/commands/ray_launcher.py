"""`hydra/launcher=ray`: runs the jobs of a sweep on a Ray cluster, or on this machine through Ray."""

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from yowo.commands.job_record import one_line
from yowo.commands.ray_start import start_ray
from yowo.commands.sweep_job import NO_SCORE, SweepJob, command_of_job, in_words, job_name, run_process
from yowo.reports.run_status import DONE, FAILED, RunStatus, ended, started, write_status

log = logging.getLogger(__name__)


class RayLauncher(Launcher):
    """Starts a Ray task for each job, which runs it in a process of its own.

    The folder of the sweep, the data and the environment must be there on every machine of the cluster.
    """

    def __init__(self, cpus: int, gpus: float | None, init: Mapping[str, Any]) -> None:
        """Store the settings.

        Args:
            cpus: Cores of a job, at most those of the largest machine.
            gpus: GPUs of a job; None: one, where the cluster has any.
            init: Arguments of `ray.init`, such as `address: auto`.
        """
        self.cpus, self.gpus, self.init = cpus, gpus, init

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives to a launcher.

        Raises:
            HydraException: Ray is not installed, or the task is not a sweep's job of this package.
        """
        try:
            self.ray: Any = import_module("ray")
        except ImportError as error:
            raise HydraException("hydra/launcher=ray: Ray is not installed; run pip install ray") from error
        if not isinstance(task_function, SweepJob):
            raise HydraException("hydra/launcher=ray: runs jobs of yowo commands only")
        self.job, self.context, self.config = task_function, hydra_context, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run jobs and wait for all of them.

        Args:
            job_overrides: The overrides of each job.
            initial_job_idx: Number of the first one.

        Returns:
            What each job returned; a job that failed returns `NO_SCORE`.
        """
        setup_globals()
        ray = self.ray
        start_ray(ray, **_plain(self.init))
        cores = max((node["Resources"].get("CPU", 1.0) for node in ray.nodes() if node["Alive"]), default=1.0)
        cpus = min(float(self.cpus), cores)
        gpus = min(1.0, ray.cluster_resources().get("GPU", 0.0)) if self.gpus is None else self.gpus
        remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(run_process)
        sweep = Path(str(self.config.hydra.sweep.dir)).absolute()
        jobs, refs = [], []
        for number, overrides in enumerate(job_overrides, initial_job_idx):
            config = self._composed(list(overrides), number)
            hydra = config.hydra
            folder = sweep / str(hydra.sweep.subdir)
            words = command_of_job(self.job.start, self.job.flags, hydra.overrides.task, hydra.overrides.hydra, folder)
            name = job_name(number, hydra.overrides.task)
            jobs.append((name, folder, config))
            refs.append(
                remote.remote(
                    words,
                    folder,
                    sweep,
                    name,
                    cwd=self.job.folder,
                    jobs=None if self.job.threads_chosen else max(1, int(cores // cpus)),
                )
            )
        return [self._result(ref, *job) for ref, job in zip(refs, jobs, strict=True)]

    def _composed(self, overrides: list[str], number: int) -> DictConfig:
        config = self.context.config_loader.load_sweep_config(self.config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return config

    def _result(self, ref: Any, name: str, folder: Path, config: DictConfig) -> JobReturn:
        """Wait for a job, print how it ended, and return it as Hydra has it."""
        try:
            status: RunStatus = self.ray.get(ref)
        except self.ray.exceptions.RayError as error:  # its worker or machine is gone
            status = ended(started(), FAILED, one_line(error))
            write_status(folder, status)
        log.info("%s: %s", name, in_words(status))
        done = JobReturn(overrides=OmegaConf.to_container(config.hydra.overrides.task), cfg=config)  # type: ignore[arg-type]
        done.return_value, done.status = (status.score if status.state == DONE else NO_SCORE), JobStatus.COMPLETED
        return done


def _plain(node: Any) -> dict[str, Any]:
    made: Any = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else dict(node or {})
    return {str(key): value for key, value in made.items()}
