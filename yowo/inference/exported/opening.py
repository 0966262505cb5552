"""Opens a file of `yowo export` as the network that it holds."""

from pathlib import Path

from yowo.inference.exported.facts import CLIP, ExportFacts, read_facts
from yowo.inference.exported.network import ExportedFile, ExportedNetwork
from yowo.inference.exported.runtimes import open_runtime
from yowo.inference.exported.sliding import ExportedSliding


def open_exported(path: str | Path, facts: ExportFacts | None = None) -> ExportedFile:
    """Open an exported file.

    Args:
        path: The file.
        facts: What it says of itself; None reads it.

    Returns:
        In evaluation mode: a network that takes clips, or, of a file with streaming=exact or state, frames.

    Raises:
        ConfigError: The program that runs it is not installed.
        WeightsError: The file is damaged, or `yowo export` did not write it.
    """
    facts = read_facts(path) if facts is None else facts
    if facts.streaming != CLIP:
        outputs = [*facts.outputs, *(f"kept_{series}" for series in facts.states["kept"])]
        return ExportedSliding(open_runtime(Path(path), outputs), facts).eval()
    return ExportedNetwork(open_runtime(Path(path), facts.outputs), facts).eval()
