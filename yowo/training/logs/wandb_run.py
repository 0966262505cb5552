"""The run of Weights & Biases: one history row a step, the best checkpoint as an artifact, and no error of W&B's own.

Everything that goes to W&B passes through `WandbRun.log_metrics` or `WandbRun.attempt`, which turn a failure into a
warning: a full disk, a lost network or a server that refuses must not end a training.
"""

import logging
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import wandb
import yaml
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from yowo.training.logs.wandb_files import STEP

log = logging.getLogger(__name__)
LESS = {"online": "offline", "shared": "offline", "offline": "disabled"}
"""What a run falls back to if W&B cannot start it."""


class WandbRun(WandbLogger):
    """Lightning's logger, whose rows stand at W&B's own step, too, so that what is logged at one step is one row.

    Attributes:
        log_model: Whether the best checkpoint is logged as an artifact.
    """

    def __init__(self, log_model: bool = False, **options: Any) -> None:
        """Store the options.

        Args:
            log_model: Whether `log_checkpoint` does anything. Lightning's own `log_model` refuses to be offline.
            options: Arguments of Lightning's logger and of `wandb.init`.
        """
        super().__init__(log_model=False, **options)
        self.log_model = log_model
        self._told: set[str] = set()

    @property
    def experiment(self) -> Any:
        """The run; started at the first call, offline if it cannot be online, and disabled if it cannot be offline."""
        try:
            return super().experiment
        except Exception as error:
            mode = str(self._wandb_init.get("mode"))
            if mode not in LESS:
                raise
            self._warn(f"the run cannot be {mode}, it is now {LESS[mode]}", error)
            self._wandb_init["mode"] = LESS[mode]
        return self.experiment

    def attempt(self, what: str, call: Callable[[], Any]) -> None:
        """Call something of W&B; a failure is a warning.

        Args:
            what: What is lost if it fails, such as "key frames".
            call: Called without arguments.
        """
        if cast(Any, rank_zero_only).rank:
            return
        try:
            call()
        except Exception as error:
            self._warn(f"{what} cannot be logged", error)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log numbers or media.

        Args:
            metrics: By name; media are objects of wandb.
            step: Optimizer steps done. What is logged at one step becomes one row; W&B leaves out a step that is lower
                than the last one. None logs a row without one.
        """
        row = dict(metrics) if step is None else {**metrics, STEP: step}
        self.attempt(next(iter(row), "a row"), lambda: self.experiment.log(row, step=step))

    def log_hyperparams(self, params: Any) -> None:
        """Add to the configuration of the run."""
        self.attempt("the configuration", lambda: super(WandbRun, self).log_hyperparams(params))

    def summarise(self, name: str, mode: str) -> None:
        """Let the summary of a metric be its best value.

        Args:
            name: The metric.
            mode: "max" or "min".
        """
        escaped = name.replace(".", r"\.")  # W&B takes a plain dot for the name of a part
        self.attempt(
            f"the summary of {name}",
            lambda: self.experiment.define_metric(escaped, step_metric=STEP, summary=mode),
        )

    def log_checkpoint(self, path: Path, aliases: list[str], metadata: Mapping[str, Any]) -> None:
        """Log a checkpoint as an artifact of type "model", named after the run, if `log_model` is true.

        Args:
            path: The checkpoint.
            aliases: Names of this version of the artifact, such as "best".
            metadata: Stored with it; plain containers. W&B takes at most 100 keys, so that the configuration is a
                file, config.yaml, beside the checkpoint.
        """
        if not self.log_model:
            return

        def _log() -> None:
            name = re.sub(r"[^\w.-]+", "_", str(self.experiment.name or self.experiment.id), flags=re.ASCII)
            warnings.filterwarnings("ignore", "Implicitly cleaning up", ResourceWarning)  # of the artifact's own files
            artifact = wandb.Artifact(name[:128], type="model", metadata=dict(metadata))
            artifact.add_file(str(path), name=path.name)
            with artifact.new_file("config.yaml", encoding="utf-8") as file:
                yaml.safe_dump(dict(self.experiment.config), file, sort_keys=False, allow_unicode=True)
            self.experiment.log_artifact(artifact, aliases=aliases)

        self.attempt(f"the artifact {path.name}", _log)

    def _warn(self, what: str, error: Exception) -> None:
        """Warn once of each kind of failure."""
        words = " ".join(str(error).split()) or type(error).__name__
        if what not in self._told:
            self._told.add(what)
            log.warning("Weights & Biases: %s (%s); the run goes on", what, words[:300])
