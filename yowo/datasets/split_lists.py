"""The videos of a split if the user names them in the configuration."""

from collections.abc import Sequence
from pathlib import Path

from yowo.errors import ConfigError
from yowo.projects.table import text_lines
from yowo.video.file_names import spelled
from yowo.video.video_files import video_stem

ALL = "all"


def name_list(
    chosen: str | Sequence[str] | None, key: str, known: Sequence[str], strict: bool = True
) -> list[str] | None:
    """Return the sorted video names of a user's choice.

    Args:
        chosen: None, "all", a list of names, or the path of a text file with one name per line. A file extension
            (".avi") and anything after a space (a class number) are removed from names.
        key: Configuration key or file, for error messages.
        known: Names of all existing videos.
        strict: Whether an unknown name is an error; otherwise it is ignored.

    Returns:
        The names, or None if `chosen` is None.

    Raises:
        ConfigError: A name is unknown, or the file does not exist.

    Examples:
        >>> name_list(["b.avi", "a"], "dataset.val_videos", ["a", "b", "c"])
        ['a', 'b']
    """
    if chosen is None:
        return None
    if isinstance(chosen, str):
        if chosen == ALL:
            return sorted(known)
        path = Path(chosen)
        if not path.is_file():
            raise ConfigError(f"{key}={chosen}: expected a list of names, all, or a text file with one name per line")
        lines = [line.strip() for line in text_lines(path) if line.strip()]
        exact = set(known)
        chosen = [line if _bare(spelled(line), exact) in exact else line.split()[0] for line in lines]
    exist = set(known)
    names = {_bare(spelled(name), exist) for name in chosen}
    unknown = sorted(names - exist)
    if strict and unknown:
        raise ConfigError(
            f"{key}: expected names of annotated videos, got {len(unknown)} unknown ones such as {unknown[0]}"
        )
    return sorted(names & exist)


def _bare(name: str, known: set[str]) -> str:
    """Remove a file extension unless the name is known with it."""
    return name if name in known else video_stem(name)
