"""Search for a learning rate: it rises from step to step, and the loss tells where training is fastest."""

import csv
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from matplotlib.figure import Figure
from numpy.typing import NDArray

from yowo.errors import ConfigError
from yowo.whole_file import whole_file

log = logging.getLogger(__name__)
PICTURE, TABLE = "lr_find.png", "lr_find.csv"
"""Files in the run's folder: loss against rate, drawn and as numbers."""
LEAST = 10
"""Fewest steps that a rate can be read from."""
WINDOW = 0.1
"""Share of the steps over which the loss is averaged, since single batches differ."""


class Found(NamedTuple):
    """What a search says.

    Attributes:
        suggested: Rate at which the averaged loss falls fastest; None if it fell nowhere.
        lowest: Rate at which the averaged loss was lowest.
    """

    suggested: float | None
    lowest: float


class RateSearch(Callback):
    """Raises the learning rate exponentially over `trainer.max_steps` steps, and says which rate to choose.

    It is for a run that keeps nothing else, see conf/debug/lr_find.yaml. The rates of several groups of parameters keep
    their ratios. In a run with several processes all use the mean of their losses.
    """

    def __init__(
        self, folder: str, lowest: float = 1e-7, highest: float = 1.0, diverged: float = 4.0, loss: str = "train/total"
    ) -> None:
        """Store the arguments.

        Args:
            folder: Where the picture and the table are written.
            lowest: Rate of the first step.
            highest: Rate of the last step.
            diverged: The search ends when the loss is this many times the lowest one so far, or is not finite.
            loss: Name under which the module logs its loss.

        Raises:
            ConfigError: The rates are not in order.
        """
        if not 0 < lowest < highest:
            raise ConfigError(f"callbacks.rate_search: expected 0 < lowest < highest, got {lowest} and {highest}")
        self.folder, self.lowest, self.highest = Path(folder), lowest, highest
        self.diverged, self.loss = diverged, loss
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._parts: list[float] = []
        self._groups: list[tuple[dict[str, Any], float]] = []

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Take over the rates.

        Raises:
            ConfigError: A scheduler sets them, their number is not set, or training goes on from a checkpoint.
        """
        if trainer.global_step:
            raise ConfigError("debug=lr_find: starts at step 0; give weights=FILE in the place of resume=FILE")
        if trainer.max_steps < LEAST:
            raise ConfigError(f"trainer.max_steps={trainer.max_steps}: debug=lr_find needs at least {LEAST}")
        if trainer.lr_scheduler_configs:
            raise ConfigError("debug=lr_find: a scheduler sets the learning rate; give schedule.scheduler=null")
        self._groups = [
            (group, group["lr"] / optimizer.defaults["lr"])
            for optimizer in trainer.optimizers
            for group in optimizer.param_groups
        ]

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the rate of the step."""
        done = min(1.0, trainer.global_step / (trainer.max_steps - 1))
        rate = self.lowest * (self.highest / self.lowest) ** done
        for group, ratio in self._groups:
            group["lr"] = rate * ratio
        if len(self.rates) <= trainer.global_step:
            self.rates.append(rate)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the loss of the step, the mean over its accumulated batches and all processes; stop if it diverges."""
        self._parts.append(float(trainer.callback_metrics[self.loss]))
        if trainer.global_step < len(self.rates):
            return
        here = torch.tensor(math.fsum(self._parts) / len(self._parts), device=pl_module.device)
        self._parts = []
        loss = float(trainer.strategy.reduce(here, reduce_op="mean"))
        self.losses.append(loss)
        if not math.isfinite(loss) or (len(self.losses) > LEAST and loss > self.diverged * min(self.losses)):
            trainer.should_stop = True

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the picture and the table, and log the rate to choose."""
        if not trainer.is_global_zero:
            return
        rates, losses = self.rates[: len(self.losses)], self.losses
        found = best_rate(rates, losses)
        with whole_file(self.folder / TABLE) as path, path.open("w", newline="") as file:
            csv.writer(file).writerows([("lr", "loss"), *zip(rates, losses, strict=True)])
        with whole_file(self.folder / PICTURE) as path:
            draw(rates, losses, found).savefig(path, dpi=120)
        curve = f"loss against rate: {self.folder / PICTURE}"
        if found is None:
            log.warning("debug=lr_find: the loss was finite in fewer than %d steps; give a lower start, as in "
                        "callbacks.rate_search.lowest=1e-9. %s", LEAST, curve)  # fmt: skip
        elif found.suggested is None:
            log.warning("debug=lr_find: the loss fell at no rate from %.1e to %.1e; give more steps "
                        "(trainer.max_steps=300) or larger batches. %s", rates[0], rates[-1], curve)  # fmt: skip
        else:
            log.info("learning rate: optimizer.lr=%.1e, where the loss falls fastest (it is lowest at %.1e). %s",
                     found.suggested, found.lowest, curve)  # fmt: skip


def averaged(losses: Sequence[float]) -> NDArray[np.float64]:
    """Return float64 [n], the mean of each loss and its neighbours within `WINDOW` of all steps."""
    reach = max(1, round(WINDOW * len(losses) / 2))
    total = np.concatenate([[0.0], np.cumsum(losses)])
    places = np.arange(len(losses))
    first, last = np.maximum(places - reach, 0), np.minimum(places + reach + 1, len(losses))
    mean: NDArray[np.float64] = (total[last] - total[first]) / (last - first)
    return mean


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> Found | None:
    """Return the rate at which the loss falls fastest, on a logarithmic axis of rates.

    Args:
        rates: n rates, rising.
        losses: n losses; what follows a loss that is not finite is left out.

    Returns:
        What was found; None if fewer than `LEAST` losses are finite.

    Examples:
        >>> rates = np.logspace(-6, 0, 61).tolist()
        >>> losses = [1 / (1 + (1e3 * rate) ** 2) + (10 * rate) ** 4 for rate in rates]
        >>> found = best_rate(rates, losses)
        >>> 5e-4 < found.suggested < 2e-3 < found.lowest < 0.1
        True
    """
    finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    if finite < LEAST:
        return None
    smooth = averaged(losses[:finite])
    bottom = int(smooth.argmin())
    slopes = np.gradient(smooth, np.log10(rates[:finite]))[: bottom + 1]
    steepest = int(slopes.argmin())
    return Found(float(rates[steepest]) if slopes[steepest] < 0 else None, float(rates[bottom]))


def draw(rates: Sequence[float], losses: Sequence[float], found: Found | None) -> Figure:
    """Draw the loss against the rate.

    Args:
        rates: n rates.
        losses: n losses.
        found: What was found in them; None draws no line.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(rates, losses, color="0.75", linewidth=1, label="loss of a step")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("training loss")
    finite = [loss for loss in losses if math.isfinite(loss)]
    if found is not None:
        smooth = averaged(losses[: len(finite)])
        axes.plot(rates[: len(smooth)], smooth, color="C0", label="mean of neighbouring steps")
        low, high = float(smooth.min()), float(smooth[0])
        axes.set_ylim(low - 0.2 * abs(high - low) - 1e-9, high + abs(high - low) + 1e-9)
        if found.suggested is not None:
            axes.axvline(found.suggested, color="C3", label=f"optimizer.lr={found.suggested:.1e}")
    axes.legend()
    return figure
