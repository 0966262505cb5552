"""What `source` of a configuration names; without torch."""

from pathlib import Path

from omegaconf import DictConfig

from yowo.video.source_names import Source, SourceKind, Sources, read_sources


def is_ours(config: DictConfig) -> bool:
    """Return whether a reader of this package reads the source; what others take is not looked at."""
    return bool(config.reader._target_.startswith("yowo."))


def named_sources(config: DictConfig) -> Sources:
    """Return the sources that a configuration of `yowo detect` names; of a reader elsewhere the text that it takes.

    Raises:
        ConfigError: There is no such video.
    """
    text = str(config.source)
    if is_ours(config):
        return read_sources(text)
    return Sources((Source(SourceKind.LIVE, text, Path(text).stem),), several=False)
