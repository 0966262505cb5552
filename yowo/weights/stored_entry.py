"""Reads one entry of a checkpoint without its tensors and without torch, whose import takes seconds.

Only plain containers are made; anything else in the file becomes a placeholder, so code stored in a file never runs.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yowo.weights.file_format import PYTORCH, file_format

PICKLE = "data.pkl"
"""The file with the containers, in the folder at the top of a zip file of `torch.save`."""


def read_entry(path: str | Path, *keys: str) -> Any:
    """Read an entry of a weights file.

    Args:
        path: A weights file of any format.
        keys: Key of the entry in the file's mapping, and in the mappings inside it.

    Returns:
        The entry as plain containers, texts and numbers; None if the file has no such entry.

    Raises:
        WeightsError: There is no such file, or it is damaged or not a weights file.
    """
    if file_format(Path(path)) == PYTORCH:
        content = _containers(Path(path))
        if isinstance(content, Mapping) and not _has_other(found := _inside(content, keys)):
            return found
    from yowo.weights.reading import read_checkpoint  # other formats and damaged files need torch

    return _inside(read_checkpoint(path), keys)


def _inside(content: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def _containers(path: Path) -> Any:
    """Return the content of a zip file of `torch.save` with placeholders for tensors; None if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.rpartition("/")[2] == PICKLE)
            with archive.open(name) as file:
                return _Plain(file).load()
    except Exception:  # a damaged pickle raises errors of many types; the complete reader describes them
        return None


class _Other:
    """Stands for whatever is no plain container: it takes every operation of a pickle and keeps nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *_: object, **__: object) -> "_Other":
        return self

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        """Take an item of a list."""

    def extend(self, values: object) -> None:
        """Take items of a list."""


class _Plain(pickle.Unpickler):
    """Makes containers only: a name in a pickle, such as a function that would run, becomes a placeholder."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the class of ordered mappings, and a placeholder for every other name."""
        return OrderedDict if (module, name) == ("collections", "OrderedDict") else _Other

    def persistent_load(self, pid: object) -> Any:
        """Return a placeholder for the storage of a tensor."""
        return _Other()


def _has_other(value: Any) -> bool:
    """Return whether a placeholder is somewhere in nested containers."""
    if isinstance(value, Mapping):
        return any(_has_other(item) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple, set)):
        return any(_has_other(item) for item in value)
    return isinstance(value, _Other) or value is _Other
