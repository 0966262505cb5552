"""The dual-backbone detector: the only forward pass of the project."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from yowo.contracts import STRIDE, RawOutput, Target
from yowo.errors import ConfigError
from yowo.models.heads import GroupedHead, PerAnchorHead
from yowo.models.postprocess import DetectionRule, PostProcess

Head = GroupedHead | PerAnchorHead


class Detector(nn.Module):
    """2D backbone on the key frame, 3D backbone on the clip, fusion, and one convolution that predicts.

    The key frame is the last frame of the clip. Thresholds, losses and training live elsewhere.

    Attributes:
        num_classes: C.
        exclusive_classes: How many of the first classes exclude one another and share a softmax; the rest are judged
            one by one with a sigmoid. All C: one-hot labels (UCF101-24). 14 of 80: AVA's poses.
        anchors: float [A, 2], width and height in pixels of the input; a buffer that moves with the network and is
            not saved in state dicts (the configuration holds it).
        recipe: The configuration that it was built from, in plain containers; None when it was put together by hand.
            Checkpoints keep it.
        criterion: Its loss, from raw output, targets and the training samples seen so far; None when it was put
            together by hand.
        postprocess: Its rule for detections.
    """

    anchors: Tensor
    recipe: dict[str, Any] | None = None
    criterion: Callable[[RawOutput, list[Target], int | None], dict[str, Tensor]] | None = None
    postprocess: DetectionRule

    def __init__(
        self,
        backbone2d: nn.Module,
        backbone3d: nn.Module,
        fusion: Callable[..., nn.Module],
        num_classes: int,
        anchors: Sequence[Sequence[float]],
        exclusive_classes: int | None = None,
        channels_last: bool = False,
        head: Callable[[int, int, int], Head] = GroupedHead,
    ) -> None:
        """Join the parts.

        Args:
            backbone2d: Maps [B, 3, H, W] to [B, out_channels, H/32, W/32].
            backbone3d: Maps [B, 3, K, H, W] to [B, out_channels, H/32, W/32].
            fusion: Makes the fusion from the keyword arguments `inputs_2d` and `inputs_3d`.
            num_classes: C, at least 1.
            anchors: A pairs of width and height in pixels of the input.
            exclusive_classes: See the class; None means all.
            channels_last: Keep weights and pictures in the layout with channels last: the same numbers, faster on
                many CPUs and, in half precision, on GPUs.
            head: Makes the last convolution from its input channels, A and C.

        Raises:
            ConfigError: A number or the anchors make no sense.
        """
        super().__init__()
        _check_head(num_classes, anchors, exclusive_classes)
        self.num_classes = num_classes
        self.exclusive_classes = num_classes if exclusive_classes is None else exclusive_classes
        self.register_buffer("anchors", torch.tensor(anchors, dtype=torch.float32), persistent=False)
        self.backbone2d = backbone2d
        self.backbone3d = backbone3d
        self.fusion = fusion(inputs_2d=backbone2d.out_channels, inputs_3d=backbone3d.out_channels)
        self.head = head(cast(int, self.fusion.out_channels), len(anchors), num_classes)
        self.postprocess = PostProcess(self.exclusive_classes)
        self.channels_last = channels_last
        if channels_last:
            _lay_out(self, torch.channels_last)
            _lay_out(self.backbone3d, torch.channels_last_3d)

    @property
    def multi_hot(self) -> bool:
        """Whether a person may do several things at once."""
        return self.exclusive_classes < self.num_classes

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell and anchor of the key frame.

        Args:
            clips: float [B, 3, K, H, W], normalised, H and W multiples of 32, key frame last.
            feature_3d: float [B, backbone3d.out_channels, H/32, W/32], taken in place of the 3D backbone's feature of
                the clips, such as the mean of a feature bank; then only the key frames of `clips` are looked at.

        Returns:
            Confidence and class logits and decoded boxes, see `RawOutput`.

        Raises:
            ConfigError: The shape of `clips` does not fit.
        """
        if clips.ndim != 5 or clips.shape[1] != 3 or clips.shape[3] % STRIDE or clips.shape[4] % STRIDE:
            raise ConfigError(
                f"clips: expected [B, 3, K, H, W] with H and W divisible by {STRIDE}, got {list(clips.shape)}"
            )
        if self.channels_last:
            clips = clips.contiguous(memory_format=torch.channels_last_3d)
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        feature = self.fusion(self.backbone2d(clips[:, :, -1]), feature_3d)
        return self.split(self.head(feature))

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Return the 3D backbone's feature [B, backbone3d.out_channels, H/32, W/32] of clips [B, 3, K, H, W]."""
        if self.channels_last:
            clips = clips.contiguous(memory_format=torch.channels_last_3d)
        feature: Tensor = self.backbone3d(clips)
        return feature

    def split(self, prediction: Tensor) -> RawOutput:
        """Take the last convolution's output apart, in the order of this network's head.

        Args:
            prediction: float [B, A (5 + C), h, w], see `yowo.models.heads`.

        Returns:
            The same numbers as `RawOutput`, boxes decoded in float32.
        """
        return self.head.split(prediction, self.anchors)


def _lay_out(module: nn.Module, memory_format: torch.memory_format) -> None:
    """Rewrite the weights of a module's convolutions in a layout; those of other ranks stay."""
    rank = 4 if memory_format == torch.channels_last else 5
    for parameter in module.parameters():
        if parameter.ndim == rank:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)


def _check_head(num_classes: int, anchors: Sequence[Sequence[float]], exclusive_classes: int | None) -> None:
    """Raise ConfigError where classes or anchors make no sense."""
    if num_classes < 1:
        raise ConfigError(f"model.num_classes: expected at least 1, got {num_classes}")
    if not anchors or any(len(pair) != 2 or min(pair) <= 0 for pair in anchors):
        raise ConfigError(
            f"dataset.anchors: expected pairs of positive width and height in pixels, got {[list(a) for a in anchors]}"
        )
    if exclusive_classes is not None and not 0 <= exclusive_classes <= num_classes:
        raise ConfigError(f"dataset.exclusive_classes: expected 0 to {num_classes}, got {exclusive_classes}")
