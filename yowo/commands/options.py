"""Parsers of commands with options: their errors are those of every other command, one line with what to do."""

import argparse
import re
from typing import Any, NoReturn

from yowo.commands.messages import nearest
from yowo.errors import ConfigError

CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)
"""What argparse says about a wrong choice."""
UNKNOWN = "unrecognized arguments: "


class OptionParser(argparse.ArgumentParser):
    """A parser that raises ConfigError; descriptions and examples keep their lines."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Store the arguments, which are those of argparse.ArgumentParser."""
        super().__init__(*args, **{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print with the usage.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(f"{self.prog}: {message}{self._nearest(message)}; see {self.prog} --help")

    def _nearest(self, message: str) -> str:
        if found := CHOICE.search(message):
            return nearest(found[1], re.findall(r"[^\s,']+", found[2])).rstrip()
        if message.startswith(UNKNOWN):
            typed = message.removeprefix(UNKNOWN).split()[0].partition("=")[0]
            return nearest(typed, [name for name in self._option_string_actions if name.startswith("--")])
        return ""
