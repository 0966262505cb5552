"""Checks of what a command is about to write: not onto its inputs, and where it can be written."""

import os
import sys
import tempfile
import unicodedata
from collections.abc import Collection, Mapping
from itertools import combinations
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from yowo.errors import ConfigError

INPUT_KEYS = ("source", "checkpoint", "exported", "resume", "weights.file", "weights.backbone2d", "weights.backbone3d")
"""Keys of configurations that name files to read."""
SPARE = len(".unfinished..")
"""Bytes that the name of a file may grow by while the file is written."""
NAME_MAX = 255
"""Longest name of a file in bytes where the system does not tell."""
PROBE = b"\0" * 4096
"""Written, and removed at once, to see whether a folder takes files."""


def check_outputs(
    outputs: Mapping[str, Path], inputs: Mapping[str, Path | None], endings: Collection[str] = ()
) -> None:
    """Check files that a command is about to write, before anything is read.

    Args:
        outputs: The files by the words that name them, such as "output=out.mp4".
        inputs: The files and folders that the command reads, by the words that name them; those that are None or do
            not exist are ignored. No output may be one of them, by any path to it.
        endings: Endings of files that the command writes. Within a folder that is an input, an existing file can be
            replaced only if it has one of them.

    Raises:
        ConfigError: An output is an input, two outputs are the same file, or an output cannot be written.
    """
    for (one, path), (other, again) in combinations(outputs.items(), 2):
        if is_same_file(path, again):
            raise ConfigError(f"{one}: is the same file as {other}; give them different names")
    for words, path in outputs.items():
        for name, source in inputs.items():
            if source is None or not os.path.lexists(source):
                continue
            if is_same_file(path, source):
                raise ConfigError(f"{words}: this is {name} itself, which would be overwritten; give another path")
            if path.exists() and is_inside(path, source) and path.suffix.lower() not in endings:
                raise ConfigError(f"{words}: this would overwrite a file of {name}; give another path")
        check_writable(words, path)


def inputs_of(config: DictConfig, *more: str) -> dict[str, Path | None]:
    """Return the inputs that a configuration names, for `check_outputs`.

    Args:
        config: Configuration of a command.
        more: Keys beside `INPUT_KEYS`, such as "dataset.root".
    """
    values = {key: OmegaConf.select(config, key, throw_on_missing=False) for key in (*INPUT_KEYS, *more)}
    return {f"{key.removesuffix('.file')}={value}": Path(str(value)) for key, value in values.items() if value}


def table_path(output: Path) -> Path:
    """Return the path of the table beside an annotated video."""
    return output.with_suffix(".csv")


def is_same_file(path: Path, other: Path) -> bool:
    """Return whether two paths lead to one file: links, relative paths, other spellings of a name.

    Examples:
        >>> is_same_file(Path("videos/../a.mp4"), Path("./a.mp4"))
        True
    """
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them does not exist: then the names decide
        return _spelled(path) == _spelled(other)


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a path leads into a folder."""
    return folder.is_dir() and Path(_spelled(folder)) in Path(_spelled(path)).parents


def check_writable(words: str, path: Path) -> None:
    """Check that a file can be written, and leave nothing behind.

    Args:
        words: What names the file, such as "output=out.mp4", for errors.
        path: The file; it and its folders need not exist.

    Raises:
        ConfigError: It is a folder or write-protected, its folder takes no files, or a name is too long.
    """
    try:
        if path.is_dir():
            raise ConfigError(f"{words}: is a folder; give the name of a file")
        if path.is_file():
            os.close(os.open(path, os.O_WRONLY))
        elif path.exists():  # a device or a pipe
            return
        _check_folder(path.parent, path.name)
    except OSError as error:
        raise ConfigError(f"{words}: cannot be written ({error.strerror or error}); give another path") from error


def _check_folder(folder: Path, name: str) -> None:
    """Write a small file into a folder, or into the nearest one above it that exists.

    Raises:
        OSError: This fails, or a name is too long.
    """
    missing = [name]
    while not folder.exists():
        missing.append(folder.name)
        folder = folder.parent
    longest = os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else NAME_MAX
    if max(len(os.fsencode(part)) for part in missing) + SPARE > longest:
        raise OSError(f"a name is longer than {longest - SPARE} bytes")
    with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
        probe.write(PROBE)


def _spelled(path: Path) -> str:
    """Return a path without links, in one spelling where the system knows several."""
    plain = unicodedata.normalize("NFC", os.path.realpath(path))
    return plain.casefold() if sys.platform in ("darwin", "win32") else plain
