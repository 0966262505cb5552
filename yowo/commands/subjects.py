"""Verbs that have subjects (`yowo data check`, `yowo bench model`): the list of them, and the way to each."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from yowo.errors import ConfigError


class Subject(NamedTuple):
    """What a verb can be about.

    Attributes:
        module: Its file, which has a function `run`.
        words: What it does.
    """

    module: str
    words: str


def run_subject(command: str, about: str, subjects: Mapping[str, Subject], arguments: Sequence[str]) -> None:
    """Run the subject that was typed after a verb, or show the list of subjects.

    Args:
        command: As typed so far, such as "yowo data".
        about: What the verb is for, in some words.
        subjects: By the word that is typed.
        arguments: What was typed after the verb.

    Raises:
        ConfigError: There is no such subject.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        console = Console()
        console.print(f"{command} SUBJECT [--help]: {about}\n", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False)
        for word, subject in subjects.items():
            table.add_row(f"  {command} {word}", subject.words)
        console.print(table)
        return
    word, *rest = arguments
    if word not in subjects:
        raise ConfigError(f"{command} {word}: there is no such subject; there are {', '.join(subjects)}")
    import_module(subjects[word].module).run(rest)
