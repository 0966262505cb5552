"""Pictures, tables and videos for every logger that shows them, at the step of the numbers that they belong to."""

import logging
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import lightning as L
import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from numpy.typing import NDArray
from PIL import Image

from yowo.errors import YowoError

log = logging.getLogger(__name__)
Picture: TypeAlias = NDArray[np.uint8]


def show_picture(trainer: L.Trainer, key: str, picture: Picture, to_wandb: bool = True) -> None:
    """Show a picture in TensorBoard and W&B.

    Args:
        trainer: Its loggers and its step are taken; to be called by the first process.
        key: Name of the picture, such as "val/confusion".
        picture: uint8 [H, W, 3], RGB.
        to_wandb: False where W&B gets the same in a form of its own.
    """
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(key, picture, trainer.global_step, dataformats="HWC")
    if to_wandb:
        to_wandb_runs(trainer, key, lambda wandb: wandb.Image(np.ascontiguousarray(picture)))


def show_table(trainer: L.Trainer, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table in W&B, the only logger that has tables.

    Args:
        trainer: Its loggers and its step are taken.
        key: Name of the table.
        columns: Their names.
        rows: One value for each column.
    """
    to_wandb_runs(trainer, key, lambda wandb: wandb.Table(columns=list(columns), data=[list(row) for row in rows]))


def to_wandb_runs(trainer: L.Trainer, key: str, make: Callable[[Any], Any]) -> None:
    """Log something to W&B at the present step; a failure of W&B is a warning.

    Args:
        trainer: Its loggers and its step are taken.
        key: Name of the thing.
        make: Makes it; its argument is the module `wandb`, which is imported only if there is a W&B logger.
    """
    for logger in trainer.loggers:
        if not isinstance(logger, WandbLogger):
            continue
        import wandb

        def _log(logger: WandbLogger = logger, wandb: Any = wandb) -> None:
            logger.log_metrics({key: make(wandb)}, step=trainer.global_step)

        attempt: Callable[[str, Callable[[], None]], None] | None = getattr(logger, "attempt", None)
        if attempt is None:
            _log()
        else:
            attempt(key, _log)


@contextmanager
def files_may_fail(what: str) -> Any:
    """Warn instead of ending the training if a file that is only looked at cannot be written.

    Args:
        what: What is lost, such as "pictures of key frames".
    """
    try:
        yield
    except (OSError, YowoError) as error:
        log.warning("%s are missing: %s", what, error)


def read_picture(path: Path) -> Picture:
    """Read a picture that was drawn into a file: uint8 [H, W, 3], RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
