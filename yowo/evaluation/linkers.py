"""Linkers by name, and tubes from a table of detections."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from omegaconf import OmegaConf

from yowo.conf_files import conf_dir
from yowo.contracts import Tube
from yowo.errors import ConfigError
from yowo.evaluation.detection_table import DetectionTable
from yowo.tubes.linking import VideoDetections


class Linker(Protocol):
    """What links the detections of videos to tubes."""

    def link_videos(self, videos: Sequence[VideoDetections], num_classes: int) -> list[list[Tube]]:
        """Return the tubes of each video, best score first within a class; boxes in pixels."""


def make_linker(name: str, **options: Any) -> Linker:
    """Make a linker as configured in conf/linker.

    Args:
        name: yowo, trimmed or online.
        options: Parameters that replace the configured ones.

    Returns:
        The linker.

    Raises:
        ConfigError: There is no such linker.
    """
    folder = conf_dir() / "linker"
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ConfigError(f"linker {name}: there is no such linker; there are {known}")
    settings: dict[str, Any] = dict(OmegaConf.to_container(OmegaConf.load(path)))  # type: ignore[arg-type]
    module, _, kind = settings.pop("_target_").rpartition(".")
    linker: Linker = getattr(import_module(module), kind)(**{**settings, **options})
    return linker


def link_table(linker: Linker, table: DetectionTable, num_classes: int) -> dict[str, list[Tube]]:
    """Link the detections of every video of a table.

    Args:
        linker: Makes the tubes.
        table: Detections, boxes in pixels.
        num_classes: C.

    Returns:
        Tubes of each video by its name, boxes in pixels.
    """
    order = np.lexsort((table.frame, table.video))
    bounds = np.searchsorted(table.video[order], np.arange(len(table.videos) + 1))
    videos = []
    for index in range(len(table.videos)):
        rows = order[bounds[index] : bounds[index + 1]]
        videos.append(
            VideoDetections(
                frames=table.frame[rows].astype(np.int64) - 1,
                labels=table.cls[rows].astype(np.int64),
                scores=table.score[rows],
                boxes_xyxy=table.box[rows],
                num_frames=int(table.num_frames[index]),
            )
        )
    return dict(zip(table.videos, linker.link_videos(videos, num_classes), strict=True))
