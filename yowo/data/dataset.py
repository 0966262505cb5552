"""From key frame to clip: decoding happens here, in the worker, and nothing else does."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from yowo.contracts import ClipBatch, KeyFrame, Sample, Target
from yowo.data.breadcrumbs import Breadcrumbs
from yowo.data.key_frames import KeyFrames
from yowo.data.samplers import Draw
from yowo.errors import VideoError
from yowo.video.reader import open_video


class ClipDataset(Dataset[Sample]):
    """One sample a key frame: the clip that ends at it, as uint8 in the video's own size, and its boxes.

    A video is opened for one clip and closed again, in the process that asks for it: readers are not safe to share
    over a fork, and idle ones go on decoding in the background.
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
        """Hold the arguments.

        Args:
            key_frames: The split.
            clip_len: K, frames of a clip.
            dilation: Steps between the frames of a clip, see `KeyFrames.clip`; of several one is drawn for each sample.
            repeat_key_frame: Make every clip of K copies of its key frame (a control without motion).
            cache: Keep every decoded video in memory, uint8. Each worker process keeps its own copy.
            seed: Of the draws. They depend on it, the epoch and the sample's position alone: not on the number of
                workers, nor on what was drawn before.
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
            index: Its position; with an epoch, as `TrainSampler` gives it, what is drawn changes from epoch to epoch.

        Raises:
            VideoError: The clip cannot be read; the message names video, key frame and file.
        """
        position, epoch = index if isinstance(index, Draw) else (index, 0)
        self._breadcrumbs.leave(position)
        key = self.key_frames[position]
        choice = 0
        if len(self.dilations) > 1:
            choice = int(np.random.default_rng((self.seed, epoch, position)).integers(len(self.dilations)))
        indices = self.key_frames.clip(position, self.clip_len, self.dilations[choice], self.repeat_key_frame)
        target = Target(boxes=torch.from_numpy(np.array(key.boxes_norm)), labels=torch.from_numpy(np.array(key.labels)))
        try:
            frames = self._frames(key, indices)
        except VideoError as error:
            raise VideoError(f"{_sample(key)} cannot be read: {error}") from error
        except Exception as error:  # whatever a decoder raises, the sample is named
            raise VideoError(f"{_sample(key)} cannot be read: {key.path}: {type(error).__name__}: {error}") from error
        finally:
            self._breadcrumbs.finish()
        return Sample(position, key.size, frames, target)

    def killed_on(self, error: BaseException) -> str | None:
        """Say which samples killed workers were on, where `error` is PyTorch's about a worker that was killed."""
        keys = [self.key_frames[position] for position in self._breadcrumbs.last_of_killed(error)]
        return "; ".join(f"{_sample(key)}: {key.path}" for key in keys) or None

    def _frames(self, key: KeyFrame, indices: np.ndarray) -> Tensor:
        """Return the frames [K, 3, h, w] at `indices`."""
        if self._cache is None:
            return _decode(key, indices.tolist())
        if key.path not in self._cache:
            self._cache[key.path] = _decode(key, range(key.num_frames))
        return self._cache[key.path][torch.from_numpy(indices)]


def _sample(key: KeyFrame) -> str:
    return f"video {key.video}, key frame {key.frame} (counted from 0)"


def _decode(key: KeyFrame, indices: Sequence[int]) -> Tensor:
    """Read frames of a key frame's video, uint8 [N, 3, h, w]: a view of [N, h, w, 3], as decoded."""
    with open_video(key.path, backend=key.backend) as reader:
        frames = reader.get_frames(indices)
    return torch.from_numpy(frames).permute(0, 3, 1, 2)


def collate(samples: list[Sample]) -> ClipBatch:
    """Gather samples of any picture size into a batch of lists."""
    return ClipBatch(
        positions=[s.position for s in samples],
        sizes=[s.size for s in samples],
        clips=[s.frames for s in samples],
        targets=[s.target for s in samples],
    )
