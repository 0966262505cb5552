"""A narrow 3D backbone with a fine output: single frames first, then all frames of a clip as channels of one picture.

Pooling over time and a coarse grid hide the steps of small people: half a second moves them by a few pixels. Here every
frame keeps its place in the channels, and 2D convolutions compare the frames where they are still fine.
"""

import torch
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.layers import ConvNormAct
from yowo.models.narrow_pyramid import NarrowPyramid


class StackedFrames(nn.Module):
    """The same two layers on each frame, to a stride of 4; a layer over the frames as channels; and `NarrowPyramid`.

    Each filter of the layer over the frames starts with a mean over time of zero, so that at first it sees what changes
    and nothing that rests.

    Attributes:
        clip_len: K, the only number of frames that it reads.
        out_channels: Channels of the feature.
    """

    def __init__(
        self,
        clip_len: int,
        frame_step: int = 1,
        width: int = 8,
        channels: int = 32,
        out_channels: int = 64,
        stride: int = 8,
        act: str = "leaky_relu",
    ) -> None:
        """Make the network.

        Args:
            clip_len: K, at least 1.
            frame_step: Reads the key frame and every n-th frame before it, at least 1.
            width: Channels of the first layer of a frame; the second has twice as many.
            channels: Channels of the layer over the frames; the stages of strides 8, 16 and 32 have 2, 3 and 4 times as
                many.
            out_channels: Channels of the feature.
            stride: Stride of the feature, 8, 16 or 32.
            act: Activation, one of `yowo.models.layers.ACTIVATIONS`.

        Raises:
            ConfigError: `clip_len` or `frame_step` is below 1.
        """
        super().__init__()
        for name, value in (("clip_len", clip_len), ("frame_step", frame_step)):
            if value < 1:
                raise ConfigError(f"backbone3d.{name}: expected at least 1, got {value}")
        self.clip_len, self.out_channels = clip_len, out_channels
        self.first, self.frame_step = (clip_len - 1) % frame_step, frame_step
        count = (clip_len - 1) // frame_step + 1
        self.frame = nn.Sequential(
            ConvNormAct(3, width, 3, act, stride=2), ConvNormAct(width, 2 * width, 3, act, stride=2)
        )
        self.clip = ConvNormAct(count * 2 * width, channels, 3, act)
        with torch.no_grad():
            by_frame = self.clip.conv.weight.view(channels, count, 2 * width, 3, 3)
            by_frame -= by_frame.mean(dim=1, keepdim=True)
        self.pyramid = NarrowPyramid(channels, (2 * channels, 3 * channels, 4 * channels), out_channels, stride, act)

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the feature of a batch of clips.

        Args:
            clips: float [B, 3, K, H, W], H and W multiples of `stride`.

        Returns:
            float [B, out_channels, H/stride, W/stride].

        Raises:
            ConfigError: K is another one than `clip_len`.
        """
        if clips.shape[2] != self.clip_len:
            raise ConfigError(f"backbone3d: made for clips of {self.clip_len} frames, got {clips.shape[2]}")
        batch, height, width = clips.shape[0], clips.shape[3], clips.shape[4]
        read = clips[:, :, self.first :: self.frame_step].transpose(1, 2)
        single = self.frame(read.reshape(-1, 3, height, width))
        out: Tensor = self.pyramid(self.clip(single.reshape(batch, -1, height // 4, width // 4)))
        return out
