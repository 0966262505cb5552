"""What a command says beside its results: errors and warnings, each one line on stderr in one form."""

import difflib
import sys
from collections.abc import Iterable

from rich.console import Console


def tell_error(message: object) -> None:
    """Print `error: message` on stderr, in one line; red on a terminal with colours."""
    _tell("error", message, "red")


def tell_warning(message: object) -> None:
    """Print `warning: message` on stderr, in one line; yellow on a terminal with colours."""
    _tell("warning", message, "yellow")


def _tell(kind: str, message: object, style: str) -> None:
    text = f"{kind}: {' '.join(str(message).split())}"
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
