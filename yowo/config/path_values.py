"""Takes the names of files and folders in overrides as they are, whatever signs they are made of.

Hydra reads `source=my video (1).mp4` by its grammar, in which blanks, brackets, commas, `=` and letters with accents
mean something or are not allowed. A value of a key that holds a path is therefore quoted before Hydra sees it, if the
path is there or could be made.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString, ValueType
from hydra.errors import HydraException

from yowo.errors import ConfigError
from yowo.inference.exported.facts import is_exported

INPUT_KEYS = frozenset({
    "checkpoint", "dataset.train_videos", "dataset.val_videos", "exported", "resume", "source", "weights",
    "weights.backbone2d", "weights.backbone3d", "weights.file",
})  # fmt: skip
"""Keys whose value is a file or folder that has to be there."""
OUTPUT_KEYS = frozenset({
    "callbacks.checkpoint.dirpath", "callbacks.pictures.folder", "dataset.root", "hydra.run.dir", "hydra.sweep.dir",
    "output", "report", "trainer.default_root_dir",
})  # fmt: skip
"""Keys whose value is a file or folder that may be new; generated data are written to `dataset.root`."""
OUTPUT_NAMES = frozenset({"dir", "dirpath", "folder", "root", "save_dir"})
"""Last parts of keys of a user's own configurations that hold a folder."""
OVERRIDE = re.compile(r"(\+{0,2})([\w./$@:-]+)=(.*)", re.DOTALL)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|camera:", re.IGNORECASE)
"""The beginning of the address of a stream, or of the name of a camera."""
PATTERN_KEYS = frozenset({"source"})
"""Keys whose value may be a pattern of names."""
PATTERN = re.compile(r"[*?[]")
INTERPOLATION = re.compile(r"(\\*)\$\{")
INSIDE_QUOTES = re.compile(r"""(['"])(.*)\1""", re.DOTALL)


class _Given(NamedTuple):
    """An override of a path: what stands before the value (`+output=`), the key, and the value as it was typed."""

    before: str
    key: str
    value: str


def quoted(text: str) -> str:
    r"""Return a text as Hydra's grammar reads it literally: in quotes, and `${` not as an interpolation.

    Args:
        text: Any text.

    Returns:
        The text in double quotes; in single quotes if it holds double ones.

    Examples:
        >>> print(quoted("my video (1).mp4"), quoted('a "b"'), quoted("${x}.mp4"))
        "my video (1).mp4" 'a "b"' "\${x}.mp4"
    """
    literal = INTERPOLATION.sub(lambda found: 2 * found[1] + r"\${", "./???" if text == "???" else text)
    quote = Quote.single if '"' in literal else Quote.double
    return str(QuotedString(literal, quote).with_quotes())


def literally(text: str) -> str:
    """Return a text as a value for Hydra, in quotes only if it needs them.

    Examples:
        >>> print(literally("runs/best.ckpt"), literally("2024"))
        runs/best.ckpt "2024"
    """
    read = parsed(f"x={text}")
    plain = read is not None and not read.is_sweep_override() and "${" not in text and text != "???"
    return text if plain and read is not None and read.value() == text else quoted(text)


def is_path_key(key: str) -> bool:
    """Return whether the value of a key is a file or folder."""
    return key in INPUT_KEYS or _may_be_new(key)


def exported_named(override: str) -> str:
    """Return `exported=FILE` for `model=FILE` with the name of an exported file; other overrides unchanged.

    Examples:
        >>> exported_named("model=runs/best.onnx"), exported_named("model=yowo_nano")
        ('exported=runs/best.onnx', 'model=yowo_nano')
    """
    key, _, value = override.partition("=")
    return f"exported={value}" if key == "model" and is_exported(value.strip("'\"")) else override


def typed_in_a_shell(key: str, path: str) -> str:
    """Return an override as it is typed in a shell, with Hydra's quotes inside the shell's.

    Examples:
        >>> print(typed_in_a_shell("source", "my video (1).mp4"))
        source='"my video (1).mp4"'
    """
    return f"{key}={shlex.quote(literally(path))}"


def paths_quoted(overrides: Sequence[str], sweep: bool = False) -> list[str]:
    """Quote the values of overrides that are names of files and folders.

    Args:
        overrides: Overrides as they were typed.
        sweep: Whether several values are a sweep (-m); a path with a comma that is there is one value all the same.

    Returns:
        The overrides as Hydra reads them. Values that are already quoted, lists, null and interpolations stay.

    Raises:
        ConfigError: A value is no path that is there, and Hydra cannot read it.
    """
    return [_path_quoted(override, sweep) for override in overrides]


def _path_quoted(override: str, sweep: bool) -> str:
    found = OVERRIDE.fullmatch(override)
    if found is None or not found[3]:
        return override
    given = _Given(f"{found[1]}{found[2]}=", found[2].partition("@")[0], found[3])
    there = _existing(given.value)
    if not is_path_key(given.key):
        unreadable = there is not None and "," not in given.value and parsed(override) is None
        return given.before + quoted(str(there)) if unreadable else override
    if given.value.lower() == "null":
        return override
    if there is not None:
        return given.before + literally(there)
    return _new_or_several(override, given, sweep)


def _new_or_several(override: str, given: _Given, sweep: bool) -> str:
    """Return the override of a path that is not there."""
    value, parts = given.value, [_existing(part) for part in given.value.split(",")]
    if sweep and None not in parts:
        return given.before + ",".join(literally(str(part)) for part in parts)
    read = parsed(override)
    if read is not None and (_is_syntax(read, sweep) or "\\" in value):
        return override
    pattern = given.key in PATTERN_KEYS and PATTERN.search(value)
    if (
        ADDRESS.match(value)
        or pattern
        or (_may_be_new(given.key) and "${" not in value and _can_be_made(given.key, value))
    ):
        return given.before + literally(_home(value))
    if read is None or read.is_sweep_override():
        several = "" if read is None else "; several values need -m"
        raise ConfigError(
            f"{given.key}={value}: there is no such file or folder{several}; check the path. A name with blanks, "
            f"brackets, commas or other signs can be quoted twice, as in {typed_in_a_shell(given.key, value)}"
        )
    return override


def parsed(override: str) -> Override | None:
    """Return an override as Hydra reads it; None if it cannot."""
    try:
        return OverridesParser.create().parse_override(override)
    except (HydraException, ValueError):
        return None


def _is_syntax(read: Override, sweep: bool) -> bool:
    """Return whether a value was surely meant as more than a plain name: a list, null, quotes, several values."""
    if read.is_sweep_override():
        return sweep or read.value_type is not ValueType.SIMPLE_CHOICE_SWEEP
    return read.value_type is not ValueType.ELEMENT or not isinstance(read._value, (str, int, float))


def _may_be_new(key: str) -> bool:
    return key in OUTPUT_KEYS or ("." in key and key.rpartition(".")[2] in OUTPUT_NAMES)


def _can_be_made(key: str, value: str) -> bool:
    """Return whether a new file could be made; the folders above a run's folder are made with it."""
    return key.startswith("hydra.") or _is_there(str(Path(_home(value)).parent))


def _existing(value: str) -> str | None:
    """Return the path that a value names, as it is, in the home folder, or in quotes; None if it is not there."""
    if _is_there(value):
        return value
    if _is_there(_home(value)):
        return _home(value)
    inside = INSIDE_QUOTES.fullmatch(value)
    return inside[2] if inside and parsed(f"x={value}") is None and _is_there(inside[2]) else None


def _is_there(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):  # a name that is too long, or with a zero byte
        return False


def _home(value: str) -> str:
    """Return a path with `~` as the home folder, which a shell leaves as it is after a `=`."""
    try:
        return str(Path(value).expanduser()) if value.startswith("~") else value
    except RuntimeError:  # no such user
        return value
