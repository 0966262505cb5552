"""The size in pixels to which boxes on a prepared copy refer: that of the film the copy was made from.

`yowo data prepare` writes a manifest, `prepared.json`, next to its copies (`yowo.storage.manifest`). Boxes in pixels
were drawn on the originals, so code that reads such boxes needs the original's size.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from yowo.errors import DatasetError
from yowo.video.probe import VideoInfo

MANIFEST = "prepared.json"
FORMAT = 1


def original_size(path: str | Path) -> tuple[int, int] | None:
    """Return the width and height in pixels of the video that a prepared one was made from.

    Args:
        path: Any video file. The manifest in the nearest folder above it is used.

    Returns:
        The original's width and height as a player shows it; None if the file is not a prepared copy.

    Raises:
        DatasetError: The manifest is damaged.
    """
    path = Path(path).resolve()
    folder = next((above for above in path.parents if (above / MANIFEST).is_file()), None)
    if folder is None:
        return None
    entry = manifest_content(folder)["videos"].get(path.relative_to(folder).as_posix())
    return None if entry is None else (int(entry["original_size"][0]), int(entry["original_size"][1]))


def annotated_size(path: str | Path, info: VideoInfo) -> tuple[int, int]:
    """Return the width and height in pixels to which boxes on a video refer: the original's if it is a prepared copy.

    Args:
        path: The video.
        info: Facts about the file, with its own size.

    Raises:
        DatasetError: The manifest is damaged.
    """
    return original_size(path) or (info.width, info.height)


def manifest_content(folder: Path) -> Mapping[str, Any]:
    """Return the content of a folder's manifest, after checking its sizes.

    Raises:
        DatasetError: The folder has no manifest, or the manifest is damaged or of another format.
    """
    path = folder / MANIFEST
    try:
        facts = path.stat()
    except OSError:
        raise DatasetError(f"{folder}: expected a folder made by yowo data prepare; {MANIFEST} is not there") from None
    return _kept(path, facts.st_size, facts.st_mtime_ns)


def damaged(path: Path, error: Exception) -> DatasetError:
    """Return the error for a manifest that cannot be read."""
    return DatasetError(f"{path}: damaged ({type(error).__name__}: {error}); remove it and prepare again")


@lru_cache(maxsize=16)
def _kept(path: Path, size: int, modified: int) -> Mapping[str, Any]:
    """Read one version of a manifest, identified by its size in bytes and its time of change in ns."""
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise DatasetError(f"{path}: expected format {FORMAT}, got {content['format']!r}; update yowo")
        for entry in content["videos"].values():
            _ = int(entry["original_size"][0]), int(entry["original_size"][1])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error
    return content
