"""The data set of clips: reads the frames of a key frame's clip in the worker; transforms run on the device."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from yowo.contracts import ClipBatch, KeyFrame, Sample, Target
from yowo.data.breadcrumbs import Breadcrumbs, Reading
from yowo.data.key_frames import KeyFrames
from yowo.data.sample_random import seeded_sample
from yowo.data.samplers import Draw
from yowo.errors import VideoError
from yowo.video.reader import open_video


class ClipDataset(Dataset[Sample]):
    """One sample per key frame: the clip that ends at it, as uint8 in the video's own size, and its boxes.

    A video is opened and closed for each clip, because readers cannot be shared between forked processes, and idle
    readers continue to decode in the background.
    """

    def __init__(
        self,
        key_frames: KeyFrames,
        clip_len: int,
        dilation: int | Sequence[int] = 1,
        repeat_key_frame: bool = False,
        cache: bool = False,
        seed: int = 0,
    ) -> None:
        """Store the arguments.

        Args:
            key_frames: The key frames of the split.
            clip_len: K, the number of frames of a clip.
            dilation: Distance between neighbouring frames of a clip, see `KeyFrames.clip`; from a list, one is drawn
                for each sample.
            repeat_key_frame: Make every clip of K copies of its key frame, as a control without motion.
            cache: Keep every decoded video in memory as uint8. Each worker process has its own copy.
            seed: Seed of the dilations. They depend only on the seed, the epoch and the sample's position, not on the
                number of workers or on earlier draws.
        """
        self.key_frames = key_frames
        self.clip_len = clip_len
        self.dilations = [dilation] if isinstance(dilation, int) else list(dilation)
        self.repeat_key_frame = repeat_key_frame
        self.seed = seed
        self._cache: dict[str, Tensor] | None = {} if cache else None
        self._breadcrumbs = Breadcrumbs()

    def __len__(self) -> int:
        """Return the number of key frames."""
        return len(self.key_frames)

    def __getitem__(self, index: int | Draw) -> Sample:
        """Decode the clip of a key frame.

        Args:
            index: Position of the key frame; with an epoch, as `TrainSampler` yields it, the dilation that is drawn
                changes from epoch to epoch.

        Returns:
            The sample; `frames` are uint8 [K, 3, h, w] in the video's own size.

        Raises:
            VideoError: The clip cannot be read; the message names video, key frame and file.
        """
        if not isinstance(index, Draw):
            return self._loaded(index, 0)
        with seeded_sample(self.seed, index.epoch, index.position):
            return self._loaded(*index)

    def _loaded(self, position: int, epoch: int) -> Sample:
        choice = 0
        if len(self.dilations) > 1:
            choice = int(np.random.default_rng((self.seed, epoch, position)).integers(len(self.dilations)))
        indices = self.key_frames.clip(position, self.clip_len, self.dilations[choice], self.repeat_key_frame)
        with self.noted(position) as key:
            frames = self._frames(key, indices)
        return Sample(position, key.size, frames, self.target(key))

    @contextmanager
    def noted(self, position: int) -> Iterator[KeyFrame]:
        """Note that a sample is being read, for `killed_on` and `reading`, and name it if that fails.

        Args:
            position: Index of the key frame in the split.

        Yields:
            The key frame.

        Raises:
            VideoError: Reading it failed; the message names video, key frame and file.
        """
        self._breadcrumbs.leave(position)
        key = self.key_frames[position]
        try:
            yield key
        except VideoError as error:
            raise VideoError(f"{_sample(key)} cannot be read: {error}") from error
        except Exception as error:  # decoders raise errors of many types; the message must name the sample
            raise VideoError(f"{_sample(key)} cannot be read: {key.path}: {type(error).__name__}: {error}") from error
        finally:
            self._breadcrumbs.finish()

    @staticmethod
    def target(key: KeyFrame) -> Target:
        """Return the ground truth of a key frame: `boxes` float32 [N, 4], 0..1, and `labels` [N] or [N, C]."""
        return Target(boxes=torch.from_numpy(np.array(key.boxes_norm)), labels=torch.from_numpy(np.array(key.labels)))

    def name(self, position: int) -> str:
        """Return video and key frame of a sample, for messages.

        Args:
            position: Index of the key frame in the split.
        """
        key = self.key_frames[position]
        return f"video {key.video}, key frame {key.frame}"

    def killed_on(self, error: BaseException) -> str | None:
        """Return the samples that killed workers were reading, as text; None if `error` is about something else."""
        keys = [self.key_frames[position] for position in self._breadcrumbs.last_of_killed(error)]
        return "; ".join(f"{_sample(key)}: {key.path}" for key in keys) or None

    def reading(self) -> list[Reading]:
        """Return the samples that this process and its workers are reading at this moment."""
        return self._breadcrumbs.reading()

    def _frames(self, key: KeyFrame, indices: np.ndarray) -> Tensor:
        """Return uint8 [K, 3, h, w], the frames at `indices`, int64 [K]."""
        if self._cache is None:
            return _decode(key, indices.tolist())
        if key.path not in self._cache:
            self._cache[key.path] = _decode(key, range(key.num_frames))
        return self._cache[key.path][torch.from_numpy(indices)]


def _sample(key: KeyFrame) -> str:
    return f"video {key.video}, key frame {key.frame} (counted from 0)"


def _decode(key: KeyFrame, indices: Sequence[int]) -> Tensor:
    """Read frames of a key frame's video: uint8 [N, 3, h, w], a view of the decoded [N, h, w, 3]."""
    with open_video(key.path, backend=key.backend) as reader:
        frames = reader.get_frames(indices)
    return torch.from_numpy(frames).permute(0, 3, 1, 2)


def collate(samples: list[Sample]) -> ClipBatch:
    """Gather samples into a batch of lists, because their clips can differ in size.

    Args:
        samples: B samples, clips uint8 [K, 3, h, w].

    Returns:
        The batch; its `clips` are a list of B tensors uint8 [K, 3, h, w].
    """
    return ClipBatch(
        positions=[s.position for s in samples],
        sizes=[s.size for s in samples],
        clips=[s.frames for s in samples],
        targets=[s.target for s in samples],
    )
