"""The network of a file of `yowo export`, in the place of a checkpoint's."""

from collections.abc import Sequence

from yowo.config.checkpoint import register_parts, up_to_date
from yowo.errors import ConfigError
from yowo.inference.exported.facts import read_facts

INSIDE = ("model", "backbone2d", "backbone3d", "fusion")
"""Groups whose choices are fixed in a file."""


def register_exported(path: str, overrides: Sequence[str], command: str) -> None:
    """Register the configuration in an exported file as the choice `from_checkpoint` of every group.

    Args:
        path: The file.
        overrides: What was typed; none may change what is inside the file.
        command: See `register_parts`.

    Raises:
        ConfigError: An override would change the network.
        WeightsError: The file cannot be read, or `yowo export` did not write it.
    """
    for override in overrides:
        if override.lstrip("+~").partition("=")[0].partition(".")[0] in INSIDE:
            raise ConfigError(f"{override}: model={path} is a whole network, which cannot be changed; leave it out")
    register_parts(up_to_date(read_facts(path).config), command)
