"""`hydra/sweeper=yowo_optuna`: a search of hyper-parameters by Optuna that prunes trials and can be started again."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from yowo.commands.interruption import was_interrupted
from yowo.commands.study import open_study, optuna, write_trial
from yowo.errors import ConfigError
from yowo.reports.run_status import DONE, PRUNED, RunStatus, read_status
from yowo.whole_file import whole_file

log = logging.getLogger(__name__)
RESULTS = "optimization_results.yaml"
DATABASE = "study.db"
SWEEP = "sweep"
"""Attribute of a trial: the folder of the sweep that runs it."""


class OptunaSearch(Sweeper):
    """Asks Optuna for values, has the launcher run jobs with them, and tells Optuna how they ended.

    A trial that was under way when the search was killed goes on in its folder when the search is started again.
    """

    def __init__(
        self,
        n_trials: int,
        n_jobs: int,
        direction: str,
        storage: str | None,
        study_name: str,
        sampler: DictConfig,
        pruner: DictConfig,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Store the settings.

        Args:
            n_trials: Trials of the study, those of earlier starts included.
            n_jobs: Trials that the launcher gets at once.
            direction: maximize or minimize.
            storage: Where the study is kept, as Optuna has it (`sqlite:///study.db`), or `journal:FILE` for a file on a
                network drive; None: study.db in the folder of the sweep.
            study_name: Name of the study in its storage.
            sampler: Node of an Optuna sampler.
            pruner: Node of an Optuna pruner.
            params: Values to search, by key, in the grammar of Hydra's sweeps.
        """
        self.n_trials, self.n_jobs, self.direction = n_trials, max(1, n_jobs), direction
        self.storage, self.study_name, self.params = storage, study_name, dict(params or {})
        self.sampler, self.pruner = sampler, pruner

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives to a sweeper.

        Raises:
            ConfigError: Optuna is not installed.
        """
        optuna()
        self.config, self.context = config, hydra_context
        self.folder = Path(str(config.hydra.sweep.dir)).absolute()
        self.jobs: Any = Plugins.instance().instantiate_launcher(
            config=config, hydra_context=hydra_context, task_function=task_function
        )

    def sweep(self, arguments: list[str]) -> None:
        """Search.

        Args:
            arguments: Overrides of the command line; those with several values or an interval are searched.

        Raises:
            ConfigError: Nothing is to be searched, Optuna is not installed, or its storage cannot be opened.
        """
        spaces, fixed = search_space([*(f"{k}={v}" for k, v in self.params.items()), *arguments], self.context)
        self.folder.mkdir(parents=True, exist_ok=True)
        storage = self.storage or f"sqlite:///{self.folder / DATABASE}"
        study = open_study(
            storage, self.study_name, self.direction, instantiate(self.sampler), instantiate(self.pruner)
        )
        pruner: Any = OmegaConf.to_container(self.pruner, resolve=True)
        unfinished = self._unfinished(study)
        log.info("study %s in %s: %d of %d trials are done", study.study_name, storage, _done(study), self.n_trials)
        while not was_interrupted():
            batch = [unfinished.pop(0) for _ in range(min(self.n_jobs, len(unfinished)))]
            again = {trial.number for trial in batch}
            for _ in range(min(self.n_jobs - len(batch), self.n_trials - _done(study) - len(batch))):
                batch.append(study.ask(spaces))
                batch[-1].set_user_attr(SWEEP, str(self.folder))
            if not batch:
                break
            for trial in batch:
                write_trial(self.folder / str(trial.number), storage, study.study_name, trial._trial_id, pruner)
            jobs = [self._job(trial, fixed, trial.number in again) for trial in batch]
            self.jobs.launch(jobs, initial_job_idx=batch[0].number)
            for trial in batch:
                self._tell(study, trial, read_status(self.folder / str(trial.number)))
        self._report(study)

    def _job(self, trial: Any, fixed: Sequence[str], again: bool) -> list[str]:
        """Return the overrides of a trial's job."""
        given = {o.partition("=")[0] for o in fixed}
        values = [f"{key}={value}" for key, value in trial.params.items()]
        resume = ["resume=auto"] if again and "resume" not in given else []
        return [*fixed, *values, *resume, f"hydra.sweep.subdir='{trial.number}'"]

    def _unfinished(self, study: Any) -> list[Any]:
        """Return the trials that an earlier start of this sweep began and did not end."""
        trials = optuna().trial
        found = []
        for frozen in study.get_trials(states=(trials.TrialState.RUNNING,)):
            if frozen.user_attrs.get(SWEEP) != str(self.folder):
                continue
            trial, status = trials.Trial(study, frozen._trial_id), read_status(self.folder / str(frozen.number))
            if status is not None and status.state in (DONE, PRUNED):  # killed before it could tell
                self._tell(study, trial, status)
            elif status is None or status.is_at_work is not True:
                found.append(trial)
        return found

    def _tell(self, study: Any, trial: Any, status: RunStatus | None) -> None:
        """Tell Optuna how a trial ended."""
        states = optuna().trial.TrialState
        if status is not None and status.state == DONE and status.score is not None and math.isfinite(status.score):
            study.tell(trial, status.score)
        elif status is not None and status.state == PRUNED:
            study.tell(trial, state=states.PRUNED)
        elif not was_interrupted():  # a trial that was interrupted with the search goes on when it is started again
            study.tell(trial, state=states.FAIL)

    def _report(self, study: Any) -> None:
        """Log the best trial and write it down, if any is complete."""
        if not study.get_trials(deepcopy=False, states=(optuna().trial.TrialState.COMPLETE,)):
            return
        best = study.best_trial
        folder = str(Path(best.user_attrs.get(SWEEP, self.folder)) / str(best.number))
        found = {"name": "optuna", "best_params": best.params, "best_value": best.value, "folder": folder}
        with whole_file(self.folder / RESULTS) as unfinished:
            unfinished.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
        values = ", ".join(f"{key}={value}" for key, value in best.params.items())
        log.info("best of %d trials: trial %d, %s, %.4g: %s", _done(study), best.number, values, best.value, folder)


def search_space(overrides: Sequence[str], context: HydraContext) -> tuple[dict[str, Any], list[str]]:
    """Return what to search as distributions of Optuna, and the other overrides.

    Args:
        overrides: Overrides; the last one of a key counts.
        context: Hydra's context, which knows the choices of `glob(...)`.

    Returns:
        Distributions by key, and overrides with one value.

    Raises:
        ConfigError: Nothing is to be searched.
    """
    parser = OverridesParser.create(config_loader=context.config_loader)
    by_key = {o.get_key_element(): o for o in parser.parse_overrides(list(overrides))}
    spaces = {key: _distribution(o) for key, o in by_key.items() if o.is_sweep_override()}
    if not spaces:
        raise ConfigError(
            "hydra/sweeper=yowo_optuna: nothing to search; give a key several values or an interval, as in "
            "'optimizer.lr=tag(log,interval(1e-5,1e-2))'"
        )
    return spaces, [str(o.input_line) for o in by_key.values() if not o.is_sweep_override()]


def _distribution(override: Override) -> Any:
    kinds = optuna().distributions
    swept: Any = override.value()
    if isinstance(swept, IntervalSweep):
        low, high, log_scale = swept.start, swept.end, "log" in swept.tags
        whole = all(isinstance(end, int) for end in (low, high))
        made: Any = kinds.IntDistribution if whole else kinds.FloatDistribution
        return made(low, high, log=log_scale)
    values = list(override.sweep_string_iterator())
    whole_numbers = all(value.lstrip("-").isdigit() for value in values)
    if override.is_range_sweep() and whole_numbers and len(values) > 1 and not swept.shuffle:
        return kinds.IntDistribution(int(values[0]), int(values[-1]), step=int(values[1]) - int(values[0]))
    return kinds.CategoricalDistribution(values)


def _done(study: Any) -> int:
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
