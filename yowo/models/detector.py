"""YOWO's detector with two backbones, and what a network of another family must offer."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from yowo.contracts import RawOutput, Target
from yowo.errors import ConfigError
from yowo.models.heads import GroupedHead, PerAnchorHead
from yowo.models.postprocess import DetectionRule, PostProcess

Head = GroupedHead | PerAnchorHead


class Detector(nn.Module):
    """2D backbone on the key frame, 3D backbone on the clip, fusion, and one convolution that predicts on one level.

    The key frame is the last frame of the clip.

    A network of another family is a file with an `nn.Module` and a yaml in the group `model` whose `_target_` names it.
    It need not derive from this class. Training, evaluation, detection and checkpoints use these members:

    - `__init__(num_classes, ...)`: C is passed in. If there is an argument `anchors` and the yaml does not set it, it
      gets the data set's anchors: pairs of width and height in pixels of the input. All else comes from the yaml.
    - `forward(clips, feature_3d=None) -> RawOutput`: see there for the order of the predictions and what may be absent.
    - `num_classes` and `exclusive_classes`: see below.
    - `strides`: strides of its levels in pixels, finest first; the input's sides must be multiples of the last.
    - `recipe`, `criterion`, `postprocess`: settable attributes; `yowo.config.build.build_detector` fills them from the
      configuration (`loss` and `postprocess` may name classes of the family's own).
    - `motion_feature(clips)`: only for the long-term feature bank (LFB): the 3D feature that `forward` accepts as
      `feature_3d`.

    Attributes:
        num_classes: C.
        exclusive_classes: Number of classes, counted from the first, that exclude each other and share a softmax; each
            of the others has a sigmoid. All C: one-hot labels (UCF101-24). 14 of 80: AVA's poses.
        anchors: float32 [A, 2], width and height in pixels of the input; a buffer that moves with the network and is
            not saved in state dicts (the configuration has it).
        recipe: The configuration that the network was built from, in plain containers; None if it was built without
            one. Checkpoints store it.
        criterion: Its loss: from raw output, targets and the number of training samples seen so far to scalars by name.
            None if the network was built without a configuration.
        postprocess: Its rule that turns raw output into detections.
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
        head: Callable[[int, int, int, int], Head] = GroupedHead,
    ) -> None:
        """Join the parts.

        Args:
            backbone2d: Maps [B, 3, H, W] to [B, out_channels, H/stride, W/stride]; has the attributes `out_channels`
                and `stride`.
            backbone3d: Maps [B, 3, K, H, W] to [B, out_channels, H/stride, W/stride]; has the attribute `out_channels`.
            fusion: Makes the fusion from the keyword arguments `inputs_2d` and `inputs_3d`, the channels of the two.
            num_classes: C, at least 1.
            anchors: A pairs of width and height in pixels of the input.
            exclusive_classes: See the class; None means all.
            channels_last: Store weights and pictures with the channels last in memory: the same numbers, faster on
                many CPUs and, in half precision, on GPUs.
            head: Makes the last convolution from its input channels, A, C and the stride.

        Raises:
            ConfigError: `num_classes`, `exclusive_classes` or `anchors` is out of range.
        """
        super().__init__()
        check_head(num_classes, anchors, exclusive_classes)
        self.num_classes = num_classes
        self.exclusive_classes = num_classes if exclusive_classes is None else exclusive_classes
        self.register_buffer("anchors", torch.tensor(anchors, dtype=torch.float32), persistent=False)
        self.backbone2d = backbone2d
        self.backbone3d = backbone3d
        self.fusion = fusion(inputs_2d=backbone2d.out_channels, inputs_3d=backbone3d.out_channels)
        stride = cast(int, backbone2d.stride)
        self.head = head(cast(int, self.fusion.out_channels), len(anchors), num_classes, stride)
        self.strides = (stride,)
        self.postprocess = PostProcess(self.exclusive_classes)
        self.channels_last = channels_last
        if channels_last:
            _lay_out(self, torch.channels_last)
            _lay_out(self.backbone3d, torch.channels_last_3d)

    @property
    def multi_hot(self) -> bool:
        """Whether a person can have several classes at the same time."""
        return self.exclusive_classes < self.num_classes

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell and anchor of the key frame.

        Args:
            clips: float [B, 3, K, H, W], normalised, H and W multiples of the coarsest stride, key frame last.
            feature_3d: float [B, backbone3d.out_channels, H/stride, W/stride], used in place of the 3D backbone's
                feature of the clips, such as the mean of a feature bank; of `clips` only the key frames are used then.

        Returns:
            Confidence and class logits and decoded boxes of one level, see `RawOutput`.

        Raises:
            ConfigError: `clips` has another number of axes or channels, or a side that is no such multiple.
        """
        check_clips(clips, max(self.strides))
        if self.channels_last:
            clips = clips.contiguous(memory_format=torch.channels_last_3d)
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        feature = self.fusion(self.backbone2d(clips[:, :, -1]), feature_3d)
        return self.split(self.head(feature))

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Compute the 3D backbone's feature.

        Args:
            clips: float [B, 3, K, H, W], normalised.

        Returns:
            float [B, backbone3d.out_channels, H/stride, W/stride].
        """
        if self.channels_last:
            clips = clips.contiguous(memory_format=torch.channels_last_3d)
        feature: Tensor = self.backbone3d(clips)
        return feature

    def split(self, prediction: Tensor) -> RawOutput:
        """Split the last convolution's output, in the channel order of this network's head.

        Args:
            prediction: float [B, A (5 + C), h, w], see `yowo.models.heads`.

        Returns:
            The same numbers as `RawOutput`, boxes decoded in float32.
        """
        return self.head.split(prediction, self.anchors)


def check_clips(clips: Tensor, stride: int) -> None:
    """Check the shape of a network's input.

    Args:
        clips: Should be [B, 3, K, H, W].
        stride: Coarsest stride of the network in pixels; H and W should be multiples of it.

    Raises:
        ConfigError: The shape is another one.
    """
    if clips.ndim != 5 or clips.shape[1] != 3 or clips.shape[3] % stride or clips.shape[4] % stride:
        raise ConfigError(
            f"clips: expected [B, 3, K, H, W] with H and W divisible by {stride}, got {list(clips.shape)}"
        )


def _lay_out(module: nn.Module, memory_format: torch.memory_format) -> None:
    """Store a module's convolution weights in a memory format; weights with another number of axes are unchanged."""
    rank = 4 if memory_format == torch.channels_last else 5
    for parameter in module.parameters():
        if parameter.ndim == rank:
            parameter.data = parameter.data.contiguous(memory_format=memory_format)
            if 1 in parameter.shape:
                cast(Any, parameter).register_hook(partial(_with_strides, parameter.stride()))


def _with_strides(strides: tuple[int, ...], gradient: Tensor) -> Tensor:
    """Give a gradient the strides of its weight where they differ in axes of size 1 only, so that no number moves.

    Convolutions choose the strides of such axes as they like, and DDP warns of each difference.
    """
    same = all(a == b or size == 1 for a, b, size in zip(gradient.stride(), strides, gradient.shape, strict=True))
    return gradient.as_strided(gradient.shape, strides) if same else gradient


def check_head(num_classes: int, anchors: Sequence[Sequence[float]], exclusive_classes: int | None) -> None:
    """Raise ConfigError where the number of classes or the anchors are out of range."""
    check_classes(num_classes, exclusive_classes)
    if not anchors or any(len(pair) != 2 or min(pair) <= 0 for pair in anchors):
        raise ConfigError(
            f"dataset.anchors: expected pairs of positive width and height in pixels, got {[list(a) for a in anchors]}"
        )


def check_classes(num_classes: int, exclusive_classes: int | None) -> None:
    """Raise ConfigError where the number of classes, or of those that exclude each other, is out of range."""
    if num_classes < 1:
        raise ConfigError(f"model.num_classes: expected at least 1, got {num_classes}")
    if exclusive_classes is not None and not 0 <= exclusive_classes <= num_classes:
        raise ConfigError(f"dataset.exclusive_classes: expected 0 to {num_classes}, got {exclusive_classes}")
