"""YOWO + LFB: the motion around a key frame, before and after it, in place of the 3D feature of its own clip.

It works at inference only, without training and without weights of its own. The 3D backbone computes the features of
short clips that do not overlap; the mean over the clips around the key frame goes into the fusion. It looks ahead of
the key frame, so it works on files and not on live sources.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import KeyFrame, RawOutput, Target
from yowo.data.clips import clip_indices
from yowo.errors import ConfigError
from yowo.models.detector import Detector
from yowo.video.reader import VideoReader, open_video

Transform = Callable[[list[Tensor], list[Target]], tuple[Tensor, list[Target]]]


@dataclass(frozen=True)
class LongTermContext:
    """Which clips make the bank, and which of them a key frame takes.

    The authors published the result but no code, so these rules are ours. The clips lie on a fixed grid that begins at
    frame 0, so that all key frames of a video share them. The mean is taken over the `num_clips` clips whose middles
    are nearest to the key frame, 64 frames with the defaults. Near an end of the video there are fewer clips; none are
    padded. The last clip of a video may have fewer frames; it then repeats its first one, as clips at the beginning of
    a video do.

    Attributes:
        clip_len: Consecutive frames of a clip.
        num_clips: Clips around a key frame.
    """

    clip_len: int = 8
    num_clips: int = 8

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: One is below 1.
        """
        if self.clip_len < 1 or self.num_clips < 1:
            raise ConfigError(
                f"context: expected clip_len and num_clips of at least 1, got {self.clip_len} and {self.num_clips}"
            )

    def slots(self, frame: int, num_frames: int) -> range:
        """Return the numbers of the clips whose mean a key frame gets.

        Args:
            frame: Position of the key frame, from 0.
            num_frames: Frames of the video.

        Returns:
            1 to `num_clips` consecutive numbers; clip n begins at frame n x `clip_len`.
        """
        count = -(-num_frames // self.clip_len)
        # an odd number of clips is centred on the middle of a clip, an even one on the border between two
        first = (2 * frame + self.clip_len * (1 - self.num_clips % 2)) // (2 * self.clip_len) - self.num_clips // 2
        return range(min(max(first, 0), count - 1), max(min(first + self.num_clips, count), 1))

    def clip(self, slot: int, num_frames: int) -> NDArray[np.int64]:
        """Return the positions, int64 [clip_len], of the frames of a clip.

        Args:
            slot: Number of the clip, from 0.
            num_frames: Frames of the video.
        """
        first = slot * self.clip_len
        last = min(first + self.clip_len, num_frames) - 1
        return first + clip_indices(last - first, last - first + 1, self.clip_len)


class FeatureBank:
    """The features of one video. Each is computed when a key frame needs it first, and then shared by the others.

    Key frames are expected in order: features before the first one that is still needed are dropped, so that memory
    does not grow with the length of the video.
    """

    def __init__(
        self, context: LongTermContext, num_frames: int, compute: Callable[[list[NDArray[np.int64]]], Tensor]
    ) -> None:
        """Store the arguments; nothing is computed yet.

        Args:
            context: Which clips.
            num_frames: Frames of the video.
            compute: Returns the 3D features, float [n, C, h, w], of n clips, given the positions of their frames,
                int64 [clip_len] each.
        """
        self.context, self.num_frames, self.compute = context, num_frames, compute
        self._features: dict[int, Tensor] = {}

    def mean(self, frames: Sequence[int]) -> Tensor:
        """Return the mean feature around each key frame.

        Args:
            frames: Positions of B key frames.

        Returns:
            float [B, C, h, w].
        """
        taken = [self.context.slots(frame, self.num_frames) for frame in frames]
        needed = sorted({slot for slots in taken for slot in slots})
        self._compute([slot for slot in needed if slot not in self._features])
        self._features = {slot: feature for slot, feature in self._features.items() if slot >= needed[0]}
        features = torch.stack([self._features[slot] for slot in needed])
        column = {slot: position for position, slot in enumerate(needed)}
        shares = torch.zeros(len(taken), len(needed))
        for row, slots in enumerate(taken):
            shares[row, [column[slot] for slot in slots]] = 1 / len(slots)
        return torch.einsum("bs,schw->bchw", shares.to(features), features)

    def _compute(self, slots: list[int]) -> None:
        """Compute and keep features, at most `num_clips` of them at once."""
        step = self.context.num_clips
        for start in range(0, len(slots), step):
            part = slots[start : start + step]
            features = self.compute([self.context.clip(slot, self.num_frames) for slot in part])
            self._features.update(zip(part, features, strict=True))


def bank_of_video(
    context: LongTermContext, detector: Detector, transform: Transform, reader: VideoReader
) -> FeatureBank:
    """Make the bank of an open video.

    Args:
        context: Which clips.
        detector: In evaluation mode; its 3D backbone and device are used.
        transform: Resizes and normalises uint8 clips, as in evaluation.
        reader: Must stay open as long as the bank is used. If nothing else uses it, it reads forward only, which is
            faster.
    """
    return FeatureBank(context, len(reader), lambda clips: clip_features(detector, transform, reader, clips))


def clip_features(
    detector: Detector, transform: Transform, reader: VideoReader, clips: list[NDArray[np.int64]]
) -> Tensor:
    """Compute the 3D features, float [n, C, h, w], of n clips of an open video.

    Args:
        detector: Its 3D backbone and device are used.
        transform: Resizes and normalises uint8 clips, as in evaluation.
        reader: The video.
        clips: Positions of the frames of each clip, int64 [clip_len].

    Raises:
        VideoError: A frame cannot be decoded.
    """
    pictures = reader.get_frames(np.concatenate(clips).tolist())
    uint8 = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).to(
        next(detector.parameters()).device
    )
    nothing = Target(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    return detector.motion_feature(transform(list(torch.split(uint8, len(clips[0]))), [nothing] * len(clips))[0])


class SplitFeatures:
    """The features around the key frames of a split, one video after another; only one bank is kept at a time."""

    def __init__(
        self, context: LongTermContext, key_frames: Callable[[], Sequence[KeyFrame]], transform: Transform
    ) -> None:
        """Store the arguments.

        Args:
            context: Which clips.
            key_frames: Returns the split; called when it is first needed, after the data set was prepared.
            transform: Resizes and normalises uint8 clips, as in evaluation.
        """
        self.context, self.key_frames, self.transform = context, key_frames, transform
        self._video: tuple[str, FeatureBank] | None = None

    def __call__(self, detector: Detector, positions: Sequence[int]) -> Tensor:
        """Return the mean features of key frames.

        Args:
            detector: In evaluation mode.
            positions: Positions of B key frames in the split; rising ones are faster.

        Returns:
            float [B, C, h, w].

        Raises:
            VideoError: A video cannot be read.
        """
        split = self.key_frames()
        by_video = groupby((split[position] for position in positions), key=lambda key: key.path)
        means = []
        for _, group in by_video:
            keys = list(group)
            means.append(self._bank(detector, keys[0]).mean([key.frame for key in keys]))
        return torch.cat(means)

    def output(self, detector: Detector, positions: Sequence[int], clips: Tensor) -> RawOutput:
        """Return the network's output at key frames, with their mean features.

        Args:
            detector: See `__call__`.
            positions: See `__call__`.
            clips: float [B, 3, 1, H, W], normalised, the key frames.
        """
        raw: RawOutput = detector(clips, self(detector, positions))
        return raw

    def _bank(self, detector: Detector, key: KeyFrame) -> FeatureBank:
        """Return the bank of a key frame's video; it opens the video for each computation and keeps no idle reader."""
        if self._video is None or self._video[0] != key.path:

            def compute(clips: list[NDArray[np.int64]]) -> Tensor:
                with open_video(key.path, backend=key.backend) as reader:
                    return clip_features(detector, self.transform, reader, clips)

            self._video = (key.path, FeatureBank(self.context, key.num_frames, compute))
        return self._video[1]
