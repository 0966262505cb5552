"""The manifest of prepared storage: `prepared.json`, which `yowo data prepare` writes beside its copies.

    {"format": 1, "short_side": 256, "gop": 8, "crf": 23, "preset": "fast",
     "videos": {"videos/film.mp4": {"source": "videos/film.mkv", "source_bytes": 1, "source_mtime_ns": 1,
                                    "original_size": [1280, 720], "size": [456, 256], "num_frames": 1,
                                    "times": "<sha256>", "bytes": 1}}}

Boxes given in pixels of the originals (`yowo.projects.table`) are scaled with `original_size`.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from yowo.errors import DatasetError
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import FORMAT, MANIFEST, damaged, manifest_content


@dataclass(frozen=True, slots=True)
class PreparedVideo:
    """A copy and the original it was made from.

    Attributes:
        source: Path of the original relative to the folder of originals, with forward slashes.
        source_bytes: Size of the original in bytes.
        source_mtime_ns: Modification time of the original in nanoseconds.
        original_size: Width and height of the original in pixels, as displayed.
        size: Width and height of the copy in pixels.
        num_frames: Number of frames, the same for original and copy.
        times: SHA-256 of the frame times, the same for both, see `yowo.storage.copy_clock.Clock.identity`.
        bytes: Size of the copy in bytes.
    """

    source: str
    source_bytes: int
    source_mtime_ns: int
    original_size: tuple[int, int]
    size: tuple[int, int]
    num_frames: int
    times: str
    bytes: int


def read_recipe(folder: Path) -> Recipe:
    """Return the recipe that the copies in a folder were made with.

    Raises:
        DatasetError: The folder has no manifest, or the manifest is damaged.
    """
    return _read(folder)[0]


def read_manifest(folder: Path) -> Mapping[str, PreparedVideo]:
    """Return the entry of each copy, keyed by its path relative to the folder with forward slashes: "videos/film.mp4".

    Raises:
        DatasetError: The folder has no manifest, or the manifest is damaged.
    """
    return _read(folder)[1]


def write_manifest(folder: Path, recipe: Recipe, videos: Mapping[str, PreparedVideo]) -> None:
    """Write the manifest of a folder under a temporary name, then rename it.

    Raises:
        DatasetError: The manifest cannot be written.
    """
    content = {
        "format": FORMAT,
        **recipe._asdict(),
        "videos": {name: asdict(videos[name]) for name in sorted(videos)},
    }
    path = folder / MANIFEST
    unfinished = path.with_name(f".{MANIFEST}.{os.getpid()}")
    try:
        try:
            unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
            unfinished.replace(path)
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be written ({error.strerror or error}); check the folder and the free disk space"
        ) from error


def _read(folder: Path) -> tuple[Recipe, Mapping[str, PreparedVideo]]:
    content = manifest_content(folder)
    try:
        recipe = Recipe(**{key: content[key] for key in Recipe._fields})
        return recipe, {name: _video(facts) for name, facts in content["videos"].items()}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise damaged(folder / MANIFEST, error) from error


def _video(facts: Mapping[str, Any]) -> PreparedVideo:
    """Convert a JSON entry, and its two sizes from lists to tuples."""
    values = {field.name: facts[field.name] for field in fields(PreparedVideo)}
    sizes = {name: (int(values[name][0]), int(values[name][1])) for name in ("original_size", "size")}
    return PreparedVideo(**{**values, **sizes})
