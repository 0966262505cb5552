"""Finds the checkpoint that a training goes on from."""

from pathlib import Path

from yowo.errors import WeightsError

LAST = "last.ckpt"


def usable_checkpoint(path: Path) -> Path:
    """Return the newest whole training checkpoint.

    Args:
        path: A checkpoint file, or the folder of a run.

    Returns:
        The file.

    Raises:
        WeightsError: There is none.
    """
    found = path / LAST if path.is_dir() else path
    if not found.is_file():
        raise WeightsError(f"{path}: holds no checkpoint to go on from")
    return found
