"""Linkers by name."""

from collections.abc import Callable
from typing import Any

from yowo.errors import ConfigError
from yowo.tubes.linking import Linker, YowoLinker
from yowo.tubes.online import OnlineLinker
from yowo.tubes.trimming import TrimmedLinker

LINKERS: dict[str, Callable[..., Linker]] = {"yowo": YowoLinker, "trimmed": TrimmedLinker, "online": OnlineLinker}
"""As in `linker=NAME` and `yowo score --linker NAME`; their own defaults are what conf/linker says as well."""


def make_linker(name: str, **options: Any) -> Linker:
    """Make a linker.

    Args:
        name: yowo, trimmed or online.
        options: Parameters that replace its defaults.

    Returns:
        The linker.

    Raises:
        ConfigError: There is no such linker.
    """
    if name not in LINKERS:
        raise ConfigError(f"linker {name}: there is no such linker; there are {', '.join(sorted(LINKERS))}")
    return LINKERS[name](**options)


def linker_name(linker: Linker) -> str:
    """Return what results call a linker: the name of its class without "Linker", in small letters."""
    return type(linker).__name__.removesuffix("Linker").lower()
