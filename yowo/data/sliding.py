"""Clips that overlap, as in a test on every frame: each frame is read, handed over and resized once, not K times.

A worker reads a stretch of the split in order. With each batch it hands over the frames that it has not handed over
yet, and for each clip the places of its frames; the process that computes keeps the resized frames for later clips.
Memory depends on the reach of a clip and on the batch size, not on the length of videos.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from yowo.contracts import SharedBatch, SharedFrames
from yowo.data.dataset import ClipDataset
from yowo.errors import VideoError
from yowo.video.frames import VideoReader
from yowo.video.reader import open_video

Ints = NDArray[np.int64]
Place = tuple[int, int]
"""A frame of the split: index of its video, and position in it."""


class SlidingBatches(IterableDataset[SharedBatch]):
    """The batches of a split, in order, whose clips share their frames (`SharedFrames`).

    The batches are divided into stretches, one for each worker of each process, so that all of them together have each
    key frame once, in the same batches for any number of processes and workers; or, where a video must be seen from its
    beginning, in stretches of whole videos.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        batch_size: int,
        num_workers: int = 0,
        num_replicas: int = 1,
        rank: int = 0,
        whole_videos: bool = False,
    ) -> None:
        """Store the arguments.

        Args:
            dataset: The samples; all clips have its first dilation.
            batch_size: Clips of a batch.
            num_workers: Workers of the loader of this process.
            num_replicas: Number of processes of the run.
            rank: Number of this process, counted from 0.
            whole_videos: Whether all key frames of a video are in one stretch; batches then begin with its videos.
        """
        self.dataset, self.batch_size, self.workers = dataset, batch_size, max(num_workers, 1)
        self.num_replicas, self.rank, self.whole_videos = num_replicas, rank, whole_videos
        self._video: int | None = None
        self._reader: VideoReader | None = None

    def _begins(self, worker: int) -> range:
        """Return the positions at which the batches of a worker begin; workers are numbered process by process."""
        first, stop = self._border(worker), self._border(worker + 1)
        return range(first, stop, self.batch_size)

    def _border(self, worker: int) -> int:
        """Return the position at which the stretch of a worker begins."""
        everyone, count = self.workers * self.num_replicas, len(self.dataset)
        if not self.whole_videos:
            return min(worker * -(-count // self.batch_size) // everyone * self.batch_size, count)
        video = self.dataset.key_frames.video
        starts = np.flatnonzero(np.diff(video, prepend=-1))
        after = int(np.searchsorted(starts, worker * count // everyone))
        return count if after == len(starts) else int(starts[after])

    def __len__(self) -> int:
        """Return the number of batches of this process."""
        own = range(self.rank * self.workers, (self.rank + 1) * self.workers)
        return sum(len(self._begins(worker)) for worker in own)

    def __iter__(self) -> Iterator[SharedBatch]:
        """Yield the batches of this worker.

        Raises:
            VideoError: A clip cannot be read; the message names video, key frame and file.
        """
        info = get_worker_info()
        worker = 0 if info is None else int(info.id)
        own = self.rank * self.workers + worker
        held: list[Place] = []
        dropped = None
        try:
            begins = self._begins(own)
            for begin in begins:
                positions = range(begin, min(begin + self.batch_size, begins.stop))
                clips = [self._clip(position) for position in positions]
                needed = {place for clip in clips for place in clip}
                if dropped is not None:
                    dropped = next((row for row, place in enumerate(held) if place in needed), len(held))
                    held = held[dropped:]
                frames, new = self._new(positions, clips, set(held))
                held += new
                rows = {place: row for row, place in enumerate(held)}
                shared = torch.tensor([[rows[place] for place in clip] for clip in clips])
                keys = [self.dataset.key_frames[position] for position in positions]
                yield SharedBatch(
                    positions=list(positions),
                    sizes=[key.size for key in keys],
                    shared=SharedFrames(frames, shared, worker, dropped),
                    targets=[self.dataset.target(key) for key in keys],
                )
                dropped = 0
        finally:
            self._close()

    def _clip(self, position: int) -> list[Place]:
        """Return the frames of the clip of a key frame."""
        dataset = self.dataset
        frames = dataset.key_frames.clip(position, dataset.clip_len, dataset.dilations[0], dataset.repeat_key_frame)
        video = int(dataset.key_frames.video[position])
        return [(video, frame) for frame in frames.tolist()]

    def _new(
        self, positions: Sequence[int], clips: list[list[Place]], held: set[Place]
    ) -> tuple[list[Tensor], list[Place]]:
        """Read the frames of clips that are not held yet.

        Returns:
            For each video uint8 [n, 3, h, w], and the frames in this order.
        """
        read, places = [], list[Place]()
        for video, some in groupby(zip(positions, clips, strict=True), key=lambda pair: pair[1][-1][0]):
            rows, own = zip(*some, strict=True)
            new = sorted({place for clip in own for place in clip} - held - set(places))
            if new:
                read.append(self._read(video, rows, [frame for _, frame in new]))
                places += new
        return read, places

    def _read(self, video: int, positions: Sequence[int], frames: list[int]) -> Tensor:
        """Read frames of a video, uint8 [n, 3, h, w], for clips at some positions of the split."""
        try:
            with self.dataset.noted(positions[0]) as key:
                if self._reader is None or self._video != video:
                    self._close()
                    self._reader, self._video = open_video(key.path, backend=key.backend), video
                pictures = self._reader.get_frames(frames)
        except VideoError:
            self._close()
            for position in positions:
                self.dataset[position]  # raises for the clip that cannot be read
            raise
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def _close(self) -> None:
        """Close the video that is open."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None


class SharedWindows:
    """Makes clips of shared frames: keeps, for each worker, the frames of earlier batches that are still needed."""

    def __init__(self, transform: Callable[[list[Tensor]], Tensor]) -> None:
        """Start without frames.

        Args:
            transform: Resizes and normalises frames uint8 [n, 3, h, w] of several videos: float32 [3, N, H, W].
        """
        self._transform = transform
        self._windows: dict[int, Tensor] = {}

    def clips(self, shared: SharedFrames) -> Tensor:
        """Return the clips of a batch; all batches of a worker must be given, in order.

        Args:
            shared: Frames of the batch, on the device that the clips are computed on.

        Returns:
            float32 [B, 3, K, H, W], normalised.
        """
        parts = []
        if shared.dropped is not None and shared.worker in self._windows:
            parts.append(self._windows[shared.worker][:, shared.dropped :])
        if shared.frames:
            parts.append(self._transform(shared.frames))
        self._windows[shared.worker] = window = torch.cat(parts, dim=1)
        clips = window.new_empty((len(shared.rows), window.shape[0], shared.rows.shape[1], *window.shape[2:]))
        for clip, rows in zip(clips, shared.rows, strict=True):
            torch.index_select(window, 1, rows, out=clip)
        return clips

    def forget(self) -> None:
        """Free the frames: nothing follows."""
        self._windows = {}


def as_it_is(batch: SharedBatch) -> SharedBatch:
    """Return a batch of `SlidingBatches`, for a loader's `collate_fn`."""
    return batch
