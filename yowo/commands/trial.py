"""A job that is a trial of a search by Optuna: trial.json in its folder says of which, and whom to report to."""

import json
import logging
from pathlib import Path

from hydra.utils import instantiate
from lightning.pytorch.callbacks import Callback

from yowo.commands.log_lines import is_first_process
from yowo.commands.study import TRIAL, open_study, optuna
from yowo.training.pruning import PruneTrial

log = logging.getLogger(__name__)


def trial_callbacks(folder: Path) -> list[Callback]:
    """Return the callback that reports a trial's validations, and ends it; none for a run that is no open trial.

    Raises:
        ConfigError: Optuna is not installed, or the storage cannot be opened.
    """
    path = folder / TRIAL
    if not path.is_file():
        return []
    if not is_first_process():  # they only hear the decision
        return [PruneTrial(lambda value, epoch: False)]
    facts = json.loads(path.read_text(encoding="utf-8"))
    study = open_study(facts["storage"], facts["study"], None, None, instantiate(facts["pruner"]))
    trial = optuna().trial.Trial(study, facts["trial"])

    def report(value: float, epoch: int) -> bool:
        if study._storage.get_trial(facts["trial"]).state.is_finished():  # the run is trained on, after its search
            return False
        try:
            trial.report(value, epoch)
            return bool(trial.should_prune())
        except Exception as error:  # a storage that cannot be reached must not end a training
            log.warning("the trial could not be reported to %s: %s", facts["storage"], " ".join(str(error).split()))
            return False

    return [PruneTrial(report)]
