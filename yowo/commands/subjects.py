"""Verbs with subcommands (`yowo data check`, `yowo bench model`): lists the subcommands and runs one."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from yowo.commands.messages import nearest
from yowo.errors import ConfigError


class Subject(NamedTuple):
    """A subcommand of a verb.

    Attributes:
        module: Name of its module, which has a function `run`.
        words: Description for the help text.
    """

    module: str
    words: str


def run_subject(command: str, about: str, subjects: Mapping[str, Subject], arguments: Sequence[str]) -> None:
    """Run the subcommand after a verb, or show the list of subcommands.

    Args:
        command: The command so far, such as "yowo data".
        about: Description of the verb.
        subjects: The subcommands by name.
        arguments: Arguments after the verb.

    Raises:
        ConfigError: There is no such subcommand.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        console = Console()
        console.print(f"{command} COMMAND [--help]: {about}\n", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False)
        for word, subject in subjects.items():
            table.add_row(f"  {command} {word}", subject.words)
        console.print(table)
        return
    word, *rest = arguments
    if word not in subjects:
        raise ConfigError(
            f"{command} {word}: there is no such command; choose one of {', '.join(subjects)}{nearest(word, subjects)}"
        )
    import_module(subjects[word].module).run(rest)
