"""The index of a split: its videos with their annotation, and the key frames that training and evaluation use."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Array, KeyFrame, Tube
from yowo.data.clips import clip_indices, clip_moments
from yowo.video.frame_times import FrameTimes

Split = Literal["train", "val"]


@dataclass(frozen=True, slots=True)
class AnnotatedVideo:
    """One video and its annotated action instances.

    Attributes:
        name: Unique name in the data set.
        path: Video file, or folder of pictures.
        num_frames: Number of frames of the video.
        size: Width and height in pixels that the data set's protocol measures boxes in.
        tubes: Action instances; `boxes` of each are fractions 0..1 of the picture.
        backend: Reader that opens the video; "auto" if it was not probed.
        times: Times of the frames in the data set's timestamps, if clips are sampled by time instead of by frame
            number (AVA); else None.
    """

    name: str
    path: str
    num_frames: int
    size: tuple[int, int]
    tubes: tuple[Tube, ...]
    backend: str = "auto"
    times: FrameTimes | None = None


class ActionData(Protocol):
    """The interface of a data set: its classes and, for each split, its videos and key frames.

    Constructors only store their arguments. Only `prepare` may write (generate or download data).
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the C classes; the index of a name is its label."""

    def prepare(self) -> None:
        """Generate or check the data; called once, in one process.

        Raises:
            DatasetError: The data are missing and cannot be generated.
        """

    def videos(self, split: Split) -> list[AnnotatedVideo]:
        """Return the videos of a split, with all their frames.

        Raises:
            DatasetError: Files are missing or not in the expected layout.
        """

    def key_frames(self, split: Split) -> "KeyFrames":
        """Return the key frames of a split.

        Raises:
            DatasetError: Files are missing or not in the expected layout.
        """


class KeyFrames(Sequence[KeyFrame]):
    """A read-only sequence of key frames, stored in flat arrays.

    Half a million key frames take a few megabytes, are pickled quickly for spawned workers, and are not copied page by
    page in forked workers, as that many Python objects would be.
    """

    def __init__(
        self,
        videos: Sequence[AnnotatedVideo],
        video: NDArray[np.int64],
        frame: NDArray[np.int64],
        first_box: NDArray[np.int64],
        boxes_norm: NDArray[np.float32],
        labels: Array,
        seconds: NDArray[np.float64] | None = None,
    ) -> None:
        """Store n key frames; key frame i has the boxes and labels `first_box[i]` to `first_box[i + 1]` - 1.

        Args:
            videos: The videos of the split.
            video: int64 [n], index into `videos`.
            frame: int64 [n], position in the video, counted from 0.
            first_box: int64 [n + 1], non-decreasing, from 0 to m.
            boxes_norm: float32 [m, 4], x1 y1 x2 y2 as fractions of the picture.
            labels: int64 [m], or uint8 or float32 [m, C] of zeros and ones.
            seconds: float64 [n], timestamps in seconds, if the data set is annotated by time (AVA).
        """
        self._names = [v.name for v in videos]
        self._paths = [v.path for v in videos]
        self._backends = [v.backend for v in videos]
        self._num_frames = [v.num_frames for v in videos]
        self._sizes = [v.size for v in videos]
        self._times = [v.times for v in videos]
        self.video = video
        self.frame = frame
        self._first_box = first_box
        self._boxes = boxes_norm
        self._labels = labels
        self.seconds = seconds

    @classmethod
    def annotated(cls, videos: Sequence[AnnotatedVideo]) -> "KeyFrames":
        """Make every annotated frame a key frame.

        Args:
            videos: The videos of the split; boxes of their tubes are float32 [T, 4], fractions of the picture.

        Returns:
            The frames that a tube covers, by video and frame; the boxes of a frame are in the order of the tubes.

        Examples:
            >>> tube = Tube(label=2, start=10, boxes=np.tile(np.array([0.1, 0.2, 0.5, 0.9], np.float32), (5, 1)))
            >>> video = AnnotatedVideo("wave", "wave.mp4", num_frames=30, size=(320, 240), tubes=(tube,))
            >>> key_frames = KeyFrames.annotated([video])
            >>> len(key_frames), key_frames[0].frame, key_frames[0].labels
            (5, 10, array([2]))
        """
        videos_out, frames_out, counts, boxes, labels = [], [], [], [], []
        for index, item in enumerate(videos):
            tube_frames = [np.arange(t.start, t.start + len(t.boxes)) for t in item.tubes]
            if not tube_frames:
                continue
            frames = np.concatenate(tube_frames)
            order = np.argsort(frames, kind="stable")
            unique, count = np.unique(frames, return_counts=True)
            boxes.append(np.concatenate([t.boxes for t in item.tubes])[order])
            labels.append(np.concatenate([np.full(len(t.boxes), t.label, dtype=np.int64) for t in item.tubes])[order])
            videos_out.append(np.full(len(unique), index, dtype=np.int64))
            frames_out.append(unique.astype(np.int64))
            counts.append(count.astype(np.int64))
        if not videos_out:
            empty = np.zeros(0, dtype=np.int64)
            return cls(videos, empty, empty, np.zeros(1, np.int64), np.zeros((0, 4), np.float32), empty)
        first_box = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return cls(
            videos,
            np.concatenate(videos_out),
            np.concatenate(frames_out),
            first_box,
            np.concatenate(boxes).astype(np.float32),
            np.concatenate(labels),
        )

    @classmethod
    def every_frame(cls, videos: Sequence[AnnotatedVideo]) -> "KeyFrames":
        """Make every frame a key frame, including frames without annotation, which video-mAP needs.

        Args:
            videos: The videos of the split.

        Returns:
            All frames, by video and frame; frames without annotation have no boxes.
        """
        annotated = cls.annotated(videos)
        lengths = np.array([v.num_frames for v in videos], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        inside = annotated.frame < lengths[annotated.video]
        counts = np.diff(annotated._first_box)
        kept = np.repeat(inside, counts)
        every = np.zeros(int(lengths.sum()), dtype=np.int64)
        every[starts[annotated.video[inside]] + annotated.frame[inside]] = counts[inside]
        return cls(
            videos,
            np.repeat(np.arange(len(videos)), lengths),
            np.concatenate([np.zeros(0, np.int64), *(np.arange(length) for length in lengths)]),
            np.concatenate([[0], np.cumsum(every)]),
            annotated._boxes[kept],
            annotated._labels[kept],
        )

    def multi_hot(self, num_classes: int) -> "KeyFrames":
        """Merge equal boxes of a frame into one person with all their labels.

        Args:
            num_classes: C, the number of classes.

        Returns:
            The same key frames with labels uint8 [m, C], m persons in the order of their first boxes.
        """
        owner = np.repeat(np.arange(len(self)), np.diff(self._first_box))
        keys = np.column_stack([owner, self._boxes])
        _, first, person = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        labels = np.zeros((len(order), num_classes), dtype=np.uint8)
        labels[place[person.reshape(-1)], self._labels.astype(np.int64)] = 1
        kept = first[order]
        begins = np.searchsorted(owner[kept], np.arange(len(self) + 1))
        made = copy(self)
        made._first_box, made._boxes, made._labels = begins, self._boxes[kept], labels
        return made

    def spread(self, count: int) -> "KeyFrames":
        """Return `count` key frames at equal distances, or all if there are fewer.

        Args:
            count: Number of key frames, at least 1.

        Returns:
            Key frames with their boxes and labels, in the same order.
        """
        chosen = np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).astype(np.int64))
        made, counts = copy(self), np.diff(self._first_box)
        kept = np.repeat(np.isin(np.arange(len(self)), chosen), counts)
        made.video, made.frame = self.video[chosen], self.frame[chosen]
        made.seconds = None if self.seconds is None else self.seconds[chosen]
        made._first_box = np.concatenate([[0], np.cumsum(counts[chosen])])
        made._boxes, made._labels = self._boxes[kept], self._labels[kept]
        return made

    def __len__(self) -> int:
        """Return the number of key frames."""
        return len(self.frame)

    @property
    def num_boxes(self) -> int:
        """Number of boxes on all key frames."""
        return len(self._boxes)

    @overload
    def __getitem__(self, index: int) -> KeyFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[KeyFrame]: ...
    def __getitem__(self, index: int | slice) -> KeyFrame | Sequence[KeyFrame]:
        """Return key frame `index`; the object is created from the arrays at each call."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"key frame {index}: there are only {len(self)} key frames")
        index %= len(self)
        video, start, end = int(self.video[index]), int(self._first_box[index]), int(self._first_box[index + 1])
        labels = self._labels[start:end]
        return KeyFrame(
            video=self._names[video],
            path=self._paths[video],
            backend=self._backends[video],
            frame=int(self.frame[index]),
            num_frames=self._num_frames[video],
            size=self._sizes[video],
            boxes_norm=self._boxes[start:end],
            labels=labels.astype(np.float32) if labels.ndim == 2 else labels,
        )

    def clip(self, index: int, clip_len: int, dilation: int = 1, repeat_key_frame: bool = False) -> NDArray[np.int64]:
        """Return the frames of the clip that ends at key frame `index`.

        In data sets annotated by frame number the frames are `dilation` frames apart (`clip_indices`). In data sets
        annotated by time they are `dilation` / 30 seconds apart (`clip_moments`), at any frame rate of the film.

        Args:
            index: Position in the split, counted from 0.
            clip_len: K, the number of frames of the clip.
            dilation: Distance between neighbouring frames, in frames or in 1/30 seconds.
            repeat_key_frame: Return the key frame K times, as a control without motion.

        Returns:
            int64 [K], positions in the video in non-decreasing order, the key frame last.
        """
        video, frame = int(self.video[index]), int(self.frame[index])
        times, num_frames = self._times[video], self._num_frames[video]
        if times is None or repeat_key_frame:
            return clip_indices(frame, num_frames, clip_len, dilation, repeat_key_frame)
        second = times.time_of(frame) if self.seconds is None else float(self.seconds[index])
        return np.minimum(times.frames_at(clip_moments(second, clip_len, dilation)), num_frames - 1)

    def box_counts(self) -> NDArray[np.int64]:
        """Return int64 [n], the number of annotated boxes of each key frame."""
        return np.diff(self._first_box)

    def positions_of_classes(self) -> list[NDArray[np.int64]]:
        """Return for each class int64 [n], the sorted positions in the split of the key frames that contain it."""
        owner = np.repeat(np.arange(len(self)), np.diff(self._first_box))
        if self._labels.ndim == 2:
            box, label = np.nonzero(self._labels)
            owner, count = owner[box], self._labels.shape[1]
        else:
            label, count = self._labels.astype(np.int64), int(self._labels.max(initial=-1)) + 1
        order = np.lexsort((owner, label))
        bounds = np.searchsorted(label[order], np.arange(count + 1))
        return [np.unique(owner[order[a:b]]) for a, b in pairwise(bounds.tolist())]
