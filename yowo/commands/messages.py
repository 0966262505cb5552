"""What a command says beside its results: errors and warnings, each one line on stderr in one form."""

import difflib
import sys
from collections.abc import Iterable

from rich.console import Console

from yowo.errors import YowoError


def tell_error(message: object) -> None:
    """Print `error: message` on stderr, in one line; red on a terminal with colours.

    The details of a `YowoError` that reports several problems follow below, a line each.
    """
    _tell("error", message, "red")


def tell_warning(message: object) -> None:
    """Print `warning: message` on stderr, in one line; yellow on a terminal with colours."""
    _tell("warning", message, "yellow")


def _tell(kind: str, message: object, style: str) -> None:
    details = message.details if isinstance(message, YowoError) else ()
    words = str(message).partition("\n")[0] if details else str(message)
    text = "\n  ".join(" ".join(line.split()) for line in (f"{kind}: {words}", *details))
    # the stream of this moment: a progress bar may have put its own in place of stderr
    Console(file=sys.stderr).print(text, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def nearest(word: str, options: Iterable[str]) -> str:
    """Return a sentence with the option that is most similar to a mistyped word; empty if none is.

    Examples:
        >>> nearest("trian", ["train", "eval"])
        '. Did you mean train?'
    """
    near = difflib.get_close_matches(word, list(options), n=1)
    return f". Did you mean {near[0]}?" if near else ""
