"""What a configuration says of files of `yowo export`: the format to write, and the network of one that is given."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from yowo.config.checkpoint import register_parts, up_to_date
from yowo.errors import ConfigError
from yowo.inference.exported.facts import FORMATS, read_facts

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


def chosen_format(config: DictConfig) -> str:
    """Return the format: `format`, or the one that the ending of `output` names, or ONNX.

    Raises:
        ConfigError: There is no such format, or `output` has another ending.
    """
    given, output = config.format, config.output
    if given is not None and given not in FORMATS:
        raise ConfigError(f"format={given}: expected {', '.join(FORMATS)}; for TensorRT see docs/export.md")
    if output is None:
        return given or "onnx"
    ending = Path(str(output)).suffix.lower()
    named = next((name for name, own in FORMATS.items() if own == ending), None)
    if named is None or given not in (None, named):
        wanted = FORMATS[given] if given else ", ".join(FORMATS.values())
        raise ConfigError(f"output={output}: expected a name that ends in {wanted}")
    return named
