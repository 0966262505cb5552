"""A recurrent network in a test whose state is carried from key frame to key frame of a video."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from yowo.contracts import RawOutput
from yowo.data.key_frames import KeyFrames
from yowo.errors import ConfigError
from yowo.models.conv_lstm import MemoryState
from yowo.models.recurrent import Recurrent


class SplitStates:
    """Gives the raw output at the key frames of a split, as YOWOF's released evaluation of UCF101-24 computes it.

    A video's first key frame is judged by its clip, from a state of zeros; each later one advances the state by one
    frame, also where frames in between are no key frames. With every frame as a key frame nothing is left out. The
    state of a video is kept until its last key frame.
    """

    def __init__(self, key_frames: Callable[[], KeyFrames]) -> None:
        """Set what gives the split: its key frames, by video and frame; it is called with the first batch."""
        self._key_frames = key_frames
        self._states: dict[int, MemoryState] = {}

    def __call__(self, network: Recurrent, positions: Sequence[int], clips: Tensor) -> RawOutput:
        """Compute the output of the next key frames; those of a video come in order.

        Args:
            network: In evaluation mode.
            positions: Positions of B key frames in the split.
            clips: float [B, 3, K, H, W], normalised; of all but a video's first key frame only the last frame is used.

        Returns:
            The raw output, as the network gives it for B clips.

        Raises:
            ConfigError: Key frames are seconds apart, or do not come in order.
        """
        keys = self._key_frames()
        if keys.seconds is not None:
            raise ConfigError(
                "streaming=state: the key frames of this data set are seconds apart, and the state goes from one to "
                "the next; give streaming=clip"
            )
        hidden = []
        for row, position in enumerate(positions):
            video = int(keys.video[position])
            clip = clips[row : row + 1]
            if position == 0 or keys.video[position - 1] != video:
                self._states[video] = network.watch(clip)
            elif video in self._states:
                self._states[video] = network.advance(clip[:, :, -1], self._states[video])
            else:
                raise ConfigError("streaming=state: the key frames of a video must come in order, from the first one")
            hidden.append(self._states[video].hidden)
            if position + 1 == len(keys) or keys.video[position + 1] != video:
                del self._states[video]
        return network.predict(torch.cat(hidden), (clips.shape[3], clips.shape[4]))
