"""Takes a command line apart as Hydra does: its flags and the overrides, wherever they stand."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydra._internal.utils import get_args_parser

from yowo.commands.options import OptionParser
from yowo.config.compose import spelled_out
from yowo.config.conf_files import ConfigFolders
from yowo.config.path_values import exported_named, paths_quoted
from yowo.config.unknown_names import similar_key
from yowo.errors import ConfigError

INFO = ("-i", "--info")
RUN_EXPORTED = ("detect", "eval")
"""Commands whose `model` may be a file of `yowo export`."""
SWITCHES = ("help", "hydra_help", "resolve", "run", "multirun", "shell_completion")
"""Flags of Hydra without a value."""
WITH_VALUE = ("cfg", "package", "info", "config_path", "config_name", "config_dir", "experimental_rerun")
"""Flags of Hydra with a value."""


class CommandLine(NamedTuple):
    """What was typed after a verb.

    Attributes:
        flags: The flags of Hydra's own command line.
        overrides: The overrides, short forms spelled out, and paths quoted where Hydra's grammar needs it.
    """

    flags: argparse.Namespace
    overrides: list[str]

    @property
    def shows(self) -> bool:
        """Whether help, a configuration or completions are shown and no job is run."""
        flags = self.flags
        return bool(flags.help or flags.hydra_help or flags.cfg or flags.info or flags.shell_completion)

    @property
    def folders(self) -> ConfigFolders:
        """Places with the user's own configurations.

        Raises:
            ConfigError: A folder is not there.
        """
        flags = self.flags
        return ConfigFolders(_place("config-path", flags.config_path), _place("config-dir", flags.config_dir))

    @property
    def flags_of_a_run(self) -> list[str]:
        """The flags that say where configurations are, for another command line of the same run."""
        return [word for word in self._flag_words() if word.startswith("--config-")]

    def words(self) -> list[str]:
        """Return the command line with the flags first; `read_command_line` reads it as the same."""
        return [*self._flag_words(), *self.overrides]

    def _flag_words(self) -> list[str]:
        typed = self.flags
        words = [f"--{name.replace('_', '-')}" for name in SWITCHES if getattr(typed, name)]
        given = {name: getattr(typed, name) for name in WITH_VALUE}
        return [*words, *(f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None)]


def read_command_line(command: str, arguments: Sequence[str]) -> CommandLine:
    """Read the arguments after a verb.

    Args:
        command: The verb, such as "train".
        arguments: Flags and overrides in any order.

    Returns:
        The command line.

    Raises:
        ConfigError: There is no such flag, a flag lacks its value, or the value of an override is a path that is not
            there and that Hydra cannot read.

    Examples:
        >>> line = read_command_line("train", ["seed=1", "--cfg", "job", "weights=yolo.weights"])
        >>> line.overrides, line.flags.cfg, line.shows
        (['seed=1', 'weights.file=yolo.weights'], 'job', True)
    """
    parser = OptionParser(prog=f"yowo {command}", add_help=False, parents=[get_args_parser()])
    known = [name for action in parser._actions for name in action.option_strings]
    for place, word in enumerate(arguments):
        if word.startswith("--") and len(word) > 2:
            _check_flag(command, word, arguments[place + 1 :], known)
    flags, unknown = parser.parse_known_intermixed_args(_with_all(arguments))
    if unknown:
        raise ConfigError(_no_such_flag(command, unknown[0], None, known))
    overrides = [str(override) for override in flags.overrides]
    if not flags.shell_completion:
        if command in RUN_EXPORTED:
            overrides = [exported_named(override) for override in overrides]
        overrides = spelled_out(paths_quoted(overrides, sweep=flags.multirun))
    return CommandLine(flags, overrides)


def _with_all(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with `--info all` for `--info` before an override, which would be taken as its value."""
    words: list[str] = []
    for place, word in enumerate(arguments):
        words.append(word)
        if word in INFO and place + 1 < len(arguments) and "=" in arguments[place + 1]:
            words.append("all")
    return words


def _check_flag(command: str, word: str, after: Sequence[str], known: Sequence[str]) -> None:
    """Check that a word with two dashes is a flag of Hydra, or the beginning of one.

    Raises:
        ConfigError: It is none; most often a setting in the form of other tools.
    """
    name, _, value = word.partition("=")
    if name in known or sum(flag.startswith(name) for flag in known) == 1:
        return
    given = value or next((a for a in after[:1] if not a.startswith("-") and "=" not in a), None)
    raise ConfigError(_no_such_flag(command, name, given, known))


def _no_such_flag(command: str, word: str, value: str | None, known: Sequence[str]) -> str:
    """Return our message for a flag that does not exist."""
    ours = similar_key(command, word.lstrip("-").replace("-", "_"), value)
    if ours is not None:
        return f"{word}: yowo {command} takes key=value, without dashes; give {ours}"
    near = difflib.get_close_matches(word, known, n=1)
    end = f". Did you mean {near[0]}?" if near else ""
    return (
        f"{word}: there is no such flag; settings are key=value, as in seed=1, and flags are "
        f"{', '.join(name for name in known if name.startswith('--'))}{end}"
    )


def _place(flag: str, path: str | None) -> str | None:
    """Return the address of the folder that a flag names.

    Raises:
        ConfigError: It is not there.
    """
    if path is None or path.startswith("pkg://"):
        return path
    folder = Path(path.removeprefix("file://")).expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError(f"--{flag} {path}: there is no such folder; give the folder with your configurations")
    return f"file://{folder}"
