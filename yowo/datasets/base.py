"""Base class of the video data sets: the videos and key frames of each split, read once and cached."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split


class VideoDataset(ABC):
    """A data set of videos in one folder; implements `ActionData` (`yowo.data.key_frames`).

    Subclasses implement `read_videos`, which is called once for each split.

    Attributes:
        root: Folder of the data set; the subclass's module docstring shows its layout.
        classes: Names of the C classes, in the order of their 0-based numbers.
        on_unreadable: What to do with videos that no reader can open: "error" or "skip".
        decoder: Preferred decoder, "decord" or "pyav", for videos that both can read.
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
            train_videos: Training videos: None (the data set's own split), "all", a list of names, or the path of a
                text file with one name per line.
            val_videos: Validation videos, in the same form.
            on_unreadable: What to do with videos that no reader can open: "error" or "skip".
            decoder: Preferred decoder, "decord" or "pyav".
        """
        self.root = Path(root)
        self.classes = tuple(classes)
        self.on_unreadable, self.decoder = on_unreadable, decoder
        self._chosen: dict[Split, str | Sequence[str] | None] = {"train": train_videos, "val": val_videos}
        self._videos: dict[Split, list[AnnotatedVideo]] = {}

    @abstractmethod
    def prepare(self) -> None:
        """Create the data or check that it exists; called once, by one process.

        Raises:
            DatasetError: The data is missing or cannot be created.
        """

    @abstractmethod
    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Read the annotation of a split and probe its videos; `videos` caches the result.

        Raises:
            DatasetError: No video is left, or a video cannot be read and `on_unreadable` is "error".
            AnnotationError: The annotation is damaged; the message names file and row.
        """

    def videos(self, split: Split) -> list[AnnotatedVideo]:
        """Return the videos of `split` that exist and can be read; raises the same errors as `read_videos`."""
        if split not in self._videos:
            self._videos[split] = self.read_videos(split)
        return self._videos[split]

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame; raises the same errors as `read_videos`."""
        return KeyFrames.annotated(self.videos(split))
