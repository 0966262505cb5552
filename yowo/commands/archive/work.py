"""What a process has that works on several videos: the configuration, and the network once it is needed."""

from functools import cached_property
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.archive.one_video import Outcome, finish_video
from yowo.commands.detect import detect_one, load_detector
from yowo.commands.watch_source import Watched
from yowo.models.detector import Detector
from yowo.progress import parts_only
from yowo.video.source_names import Source

TABLES = ("npz", "boxes")
"""What is saved of each of several videos if `save` does not say it."""


class Work:
    """What a process that works on videos needs; the network is loaded with the first video that is not finished.

    Attributes:
        folder: The folder of all results.
    """

    def __init__(self, config: DictConfig, folder: Path) -> None:
        """Store the configuration of the command, and the folder of all results."""
        self.folder = folder
        self._config = config.copy()
        self._config.output = None
        self._config.save = list(TABLES) if config.save is None else config.save

    def finish(self, source: Source) -> Outcome:
        """Finish a video, see `finish_video`."""
        return finish_video(self.folder, source, self._detect)

    @cached_property
    def _detector(self) -> Detector:
        return load_detector(self._config)

    def _detect(self, source: Source, folder: Path) -> Watched:
        detector = self._detector
        with parts_only():
            return detect_one(self._config, detector, source, folder)
