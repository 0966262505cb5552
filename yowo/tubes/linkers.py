"""Linkers by name."""

from collections.abc import Callable
from typing import Any

from yowo.errors import ConfigError
from yowo.tubes.linking import Linker, YowoLinker
from yowo.tubes.online import OnlineLinker
from yowo.tubes.trimming import TrimmedLinker

LINKERS: dict[str, Callable[..., Linker]] = {"yowo": YowoLinker, "trimmed": TrimmedLinker, "online": OnlineLinker}
"""Linkers by the name used in `linker=NAME` and `yowo score --linker NAME`; conf/linker repeats their defaults."""


def make_linker(name: str, **options: Any) -> Linker:
    """Make a linker.

    Args:
        name: "yowo", "trimmed" or "online".
        options: Constructor arguments that replace the linker's defaults.

    Returns:
        The linker.

    Raises:
        ConfigError: There is no linker of this name.

    Examples:
        >>> linker_name(make_linker("trimmed", min_frames=3))
        'trimmed'
    """
    if name not in LINKERS:
        raise ConfigError(f"linker {name}: there is no such linker; choose one of {', '.join(sorted(LINKERS))}")
    return LINKERS[name](**options)


def linker_name(linker: Linker) -> str:
    """Return the name of a linker as written in results: its class name without "Linker", in lower case."""
    return type(linker).__name__.removesuffix("Linker").lower()
