"""What a validation says about classes: AP of each, which are taken for which, and kinds of errors."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from matplotlib.figure import Figure

from yowo.evaluation.error_types import KINDS
from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.score_details import ScoreDetails, merge_details
from yowo.reports.chart_output import save_picture
from yowo.reports.charts import class_bars, error_bars
from yowo.reports.confusion_chart import MISSED, confusion_chart
from yowo.training.logs.media import files_may_fail, read_picture, show_picture, show_table, to_wandb_runs


class ClassAP(Callback):
    """Logs AP by class after each validation: as `val/ap/<class>`, as table and bars in W&B, and as a picture."""

    def __init__(self, folder: str | None = None) -> None:
        """Store the folder of the pictures; None writes and shows none."""
        self.folder = None if folder is None else Path(folder)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the AP of each class that occurs in the split."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        by_class: dict[str, float] = next(iter(_metrics(pl_module)[0].per_class().values()), {})
        known = {name: ap for name, ap in by_class.items() if not math.isnan(ap)}
        if not known:
            return
        for logger in trainer.loggers:
            logger.log_metrics({f"val/ap/{name}": ap for name, ap in known.items()}, step=trainer.global_step)
        rows = [[name, ap] for name, ap in known.items()]
        show_table(trainer, "val/ap_by_class", ["class", "AP"], rows)
        to_wandb_runs(
            trainer,
            "val/ap_bars",
            lambda wandb: wandb.plot.bar(
                wandb.Table(columns=["class", "AP"], data=rows), "class", "AP", title="AP by class"
            ),
        )
        if self.folder is not None:
            _show_figure(trainer, class_bars({"AP": known}), self.folder, "ap_by_class", to_wandb=False)


class ErrorReview(Callback):
    """Shows after each validation which classes are taken for which, and how many detections are wrong in which way.

    A metric offers both with its `details`: frame-mAP does, AVA's, where a box has several classes, does not.
    """

    def __init__(self, folder: str, every: int = 1) -> None:
        """Store the arguments.

        Args:
            folder: Folder of the pictures.
            every: It looks at every n-th validation.
        """
        self.folder, self.every = Path(folder), every
        self._seen = 0

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the tables and pictures."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        self._seen += 1
        if (self._seen - 1) % self.every:
            return
        details = merge_details(metric.details() for metric in _metrics(pl_module))
        if details.confusion is not None:
            counts = details.confusion.counts
            show_table(
                trainer, "val/confusion_table", ["true class", *details.classes, MISSED], _named(details, counts)
            )
            _show_figure(trainer, confusion_chart(details.classes, counts), self.folder, "confusion")
        if details.errors is not None:
            rows = [
                [*row, missed]
                for row, missed in zip(
                    _named(details, details.errors.counts), details.errors.missed.tolist(), strict=True
                )
            ]
            show_table(trainer, "val/errors_table", ["class", *KINDS, MISSED], rows)
            _show_figure(trainer, error_bars(details.classes, KINDS, details.errors.counts), self.folder, "errors")


def _named(details: ScoreDetails, counts: Any) -> list[list[Any]]:
    return [[name, *row] for name, row in zip(details.classes, counts.tolist(), strict=True)]


def _show_figure(trainer: L.Trainer, figure: Figure, folder: Path, name: str, to_wandb: bool = True) -> None:
    """Write a figure as NAME_epoch_NNN.png into the folder and show it as `val/NAME`."""
    path = folder / f"{name}_epoch_{trainer.current_epoch:03d}.png"
    with files_may_fail(f"pictures of {name}"):
        save_picture(figure, path)
        show_picture(trainer, f"val/{name}", read_picture(path), to_wandb)


def _metrics(module: L.LightningModule) -> Sequence[KeyFrameMetric[Any]]:
    return list(cast(Any, module).metrics["val"].values())
