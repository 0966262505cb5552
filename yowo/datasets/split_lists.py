"""Which videos a split has, where a user names them."""

from collections.abc import Sequence
from pathlib import Path

from yowo.errors import ConfigError
from yowo.projects.table import text_lines

ALL = "all"


def name_list(
    chosen: str | Sequence[str] | None, key: str, known: Sequence[str], strict: bool = True
) -> list[str] | None:
    """Return the sorted names that a split is given by.

    Args:
        chosen: None, "all", names, or the path of a text file with one name a line. A suffix of the file's name
            (".avi") and what follows a blank (a class number) are dropped.
        key: Configuration key or file for the message.
        known: Names that exist.
        strict: Whether a name that does not exist is an error; else it is left out.

    Returns:
        The names, or None where `chosen` is None.

    Raises:
        ConfigError: A name is not known, or the file is not there.
    """
    if chosen is None:
        return None
    if isinstance(chosen, str):
        if chosen == ALL:
            return sorted(known)
        path = Path(chosen)
        if not path.is_file():
            raise ConfigError(f"{key}={chosen}: expected a list of names, all, or a text file with one name a line")
        lines = [line.strip() for line in text_lines(path) if line.strip()]
        exact = set(known)
        chosen = [line if line in exact else line.split()[0] for line in lines]
    exist = set(known)
    names = {_bare(name, exist) for name in chosen}
    unknown = sorted(names - exist)
    if strict and unknown:
        raise ConfigError(f"{key}: no such video in the annotation: {unknown[0]} ({len(unknown)} in all)")
    return sorted(names & exist)


def _bare(name: str, known: set[str]) -> str:
    """Drop the file's suffix unless the name is known with it."""
    return name if name in known else str(Path(name).with_suffix("")) if Path(name).suffix else name
