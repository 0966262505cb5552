"""What the data sets of videos share: which videos a split has, their key frames, and what is kept once it was read."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split


class VideoDataset(ABC):
    """A data set of videos below one folder: an `ActionData` (`yowo.data.key_frames`).

    A subclass says in `read_videos` what a split holds. Reading happens once for each split.

    Attributes:
        root: Folder of the data set, laid out as the subclass's file draws it.
        classes: Names of the C classes, in the order of their 0-based numbers.
        on_unreadable: "error" or "skip", for videos that no reader opens.
        decoder: "decord" or "pyav": what reads the videos that both can read.
    """

    def __init__(
        self,
        root: str,
        classes: Sequence[str],
        train_videos: str | Sequence[str] | None = None,
        val_videos: str | Sequence[str] | None = None,
        on_unreadable: str = "error",
        decoder: str = "decord",
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            root: Folder of the data set.
            classes: Names of the C classes, in the order of their 0-based numbers.
            train_videos: Training videos: None (the data set's own split), "all", names, or a text file with one name
                a line.
            val_videos: Held-out videos, likewise.
            on_unreadable: "error" or "skip", for videos that no reader opens.
            decoder: "decord" or "pyav".
        """
        self.root = Path(root)
        self.classes = tuple(classes)
        self.on_unreadable, self.decoder = on_unreadable, decoder
        self._chosen: dict[Split, str | Sequence[str] | None] = {"train": train_videos, "val": val_videos}
        self._videos: dict[Split, list[AnnotatedVideo]] = {}

    @abstractmethod
    def prepare(self) -> None:
        """Put the data in place or check that it is there; called once, by one process.

        Raises:
            DatasetError: It is not there, or cannot be made.
        """

    @abstractmethod
    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Read the annotation of a split and probe its videos; `videos` keeps the result.

        Raises:
            DatasetError: None is left, or one cannot be read and `on_unreadable` is "error".
            AnnotationError: The annotation is damaged; the message names file and row.
        """

    def videos(self, split: Split) -> list[AnnotatedVideo]:
        """Return the videos of `split` that are on disk and can be read; errors are those of `read_videos`."""
        if split not in self._videos:
            self._videos[split] = self.read_videos(split)
        return self._videos[split]

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame; errors are those of `read_videos`."""
        return KeyFrames.annotated(self.videos(split))
