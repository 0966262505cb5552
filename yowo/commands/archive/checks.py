"""Checks of `yowo detect` on several videos, before anything is read; without torch."""

from importlib.util import find_spec
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.archive.settings import SETTINGS
from yowo.commands.archive.shards import read_shard
from yowo.commands.output_kinds import kind_of, listed, saved_kinds
from yowo.commands.output_paths import check_writable
from yowo.errors import ConfigError
from yowo.video.source_names import SourceKind, Sources

ENGINES = ("local", "ray")


def works_on_several(config: DictConfig, sources: Sources) -> bool:
    """Return whether a command is one for several videos: each has results of its own, and a second start goes on."""
    return sources.several or config.shard is not None or config.engine != ENGINES[0]


def check_several(config: DictConfig, sources: Sources) -> None:
    """Check the keys of several videos: shard, engine, and those that do not go with them.

    Args:
        config: Of `yowo detect`.
        sources: What `source` names.

    Raises:
        ConfigError: A value means nothing, or keys do not go together.
    """
    shard = read_shard(config.shard)
    if config.engine not in ENGINES:
        raise ConfigError(f"engine={config.engine}: expected {' or '.join(ENGINES)}")
    if not works_on_several(config, sources):
        return
    for one in sources.each:
        if one.kind is SourceKind.LIVE:
            key = f"shard={shard}" if config.shard is not None else f"engine={config.engine}"
            raise ConfigError(f"{key}: is for lists of videos, and source={config.source} is a stream; leave it out")
    named = listed(config.output)
    if len(named) > 1 or any(kind_of(text) is not None for text in named):
        raise ConfigError(f"output={','.join(named)}: several videos have their results in one folder; give its name")
    for text in named:
        _check_folder(Path(text))
    saved_kinds(config)
    if config.shard is not None and not named:
        raise ConfigError(f"shard={shard}: give output=FOLDER, the same for all parts, where the results of all lie")
    if config.engine == "ray":
        _check_ray(config)


def _check_folder(folder: Path) -> None:
    """Check that results can be written into a folder, which need not exist.

    Raises:
        ConfigError: They cannot, or it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"output={folder}: is a file; several videos have their results in a folder, give its name")
    check_writable(f"output={folder}", folder / SETTINGS)


def _check_ray(config: DictConfig) -> None:
    if find_spec("ray") is None:
        raise ConfigError("engine=ray: Ray is not installed; run pip install 'yowo-lightning[ray]'")
    if config.serve is not None or config.show:
        key = f"serve={config.serve}" if config.serve is not None else "show=true"
        raise ConfigError(f"engine=ray: {key} shows one process, and Ray has several; leave one of them out")
