"""What all results of a folder have in common: written by the first process, compared by all later ones."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yowo.commands.archive.video_lock import locked
from yowo.commands.output_paths import INPUT_KEYS
from yowo.errors import ConfigError
from yowo.whole_file import whole_file

SETTINGS = "archive.json"
"""Name of the file in the folder of results."""
ELSEWHERE = (
    *("source", "output", "shard", "engine", "device", "batch_size", "serve", "token", "show", "latency", "streaming"),
    *("decoder", "dataset.root", "dataset.source", "dataset.num_workers", "dataset.batch_size", "hydra", "resume"),
    *("checkpoint", "weights"),
)
"""Keys that say where and how fast, and those of files, which count by what is in them."""
WAIT = 0.05
"""Seconds until the next look."""
BESIDE = {".xml": ".bin"}
"""Endings of files whose numbers lie in another one: networks of OpenVINO."""


def agree_on_settings(folder: Path, config: DictConfig) -> None:
    """Check that the results of a folder come from this network and these settings, or write them down as the first.

    Args:
        folder: The folder of results, which is made if it is missing.
        config: Configuration of `yowo detect`.

    Raises:
        ConfigError: The results are of another network, or a key that changes results has another value.
        OSError, YowoError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ours = settings_of(config)
    path = folder / SETTINGS
    known: dict[str, Any] | None = None
    while known is None:
        with locked(folder / f".{SETTINGS}.lock") as lock:
            if lock is not None:
                known = _read(path)
                if known is None:
                    with whole_file(path) as unfinished:
                        unfinished.write_text(json.dumps(ours, indent=1), encoding="utf-8")
                    known = ours
        if known is None:  # another process is comparing
            sleep(WAIT)
    for key in sorted({*known, *ours}):
        if known.get(key) != ours.get(key):
            raise ConfigError(_difference(folder, key, known, ours))


def settings_of(config: DictConfig) -> dict[str, Any]:
    """Return what results depend on: values by key, and the files of the network by their content."""
    plain: Any = OmegaConf.to_container(config, resolve=False)
    values = {key: value for key, value in _leaves(plain) if not _is_elsewhere(key)}
    for key in INPUT_KEYS:
        file = OmegaConf.select(config, key, throw_on_missing=False)
        if key not in ("source", "resume") and file:
            values[f"content of {key}"] = digest(Path(str(file)))
    plain_values: dict[str, Any] = json.loads(json.dumps(values))
    return plain_values


def digest(file: Path) -> str:
    """Return a hash of the content of a file; of a network in two files, of both.

    Raises:
        ConfigError: It cannot be read.
    """
    found = hashlib.sha256()
    beside = file.with_suffix(BESIDE.get(file.suffix.lower(), file.suffix))
    try:
        for path in dict.fromkeys((file, beside)):
            with path.open("rb") as content:
                while part := content.read(1 << 20):
                    found.update(part)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror or error})") from error
    return found.hexdigest()


def _difference(folder: Path, key: str, known: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    if key.startswith("content of "):
        file = key.removeprefix("content of ")
        words = f"holds results of another network ({file} has another content)"
    else:
        words = f"holds results with {key}={_shown(known.get(key))}, and now {key}={_shown(ours.get(key))}"
    return f"output={folder}: {words}; give another folder, or the same settings"


def _shown(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _leaves(node: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings with their keys, dots between them; a list is one value."""
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{above}{key}.")
    else:
        yield above.removesuffix("."), node


def _is_elsewhere(key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in ELSEWHERE)


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else None
    return None
