"""What every network of the family offers to training, evaluation, detection and checkpoints."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from yowo.contracts import RawOutput, Target
from yowo.errors import ConfigError
from yowo.models.postprocess import DetectionRule


class Network(nn.Module):
    """Classes, loss, rule for detections and memory layout of a network.

    Attributes:
        num_classes: C.
        exclusive_classes: Number of classes, counted from the first, that exclude each other in the labels. All C:
            one-hot labels (UCF101-24). 14 of 80: AVA's poses.
        strides: Strides of its levels in pixels, finest first; the input's sides must be multiples of the last.
        channels_last: Whether weights and pictures lie in memory with the channels last.
        recipe: The configuration that the network was built from, in plain containers; None if it was built without
            one. Checkpoints store it.
        criterion: Its loss: from raw output, targets and the number of training samples seen so far to scalars by name.
            None if the network was built without a configuration.
        postprocess: Its rule that turns raw output into detections.
        has_confidence: Whether its raw output has `conf`; None: it does not tell.
        has_anchors: Whether it has `anchors`; None: it does not tell.
        delta_format: What its `deltas` are, in words; None: it does not tell.
    """

    has_confidence: ClassVar[bool | None] = None
    has_anchors: ClassVar[bool | None] = None
    delta_format: ClassVar[str | None] = None

    strides: tuple[int, ...]
    backbone3d: nn.Module
    channels_last = False
    recipe: dict[str, Any] | None = None
    criterion: Callable[[RawOutput, list[Target], int | None], dict[str, Tensor]] | None = None
    postprocess: DetectionRule

    def __init__(self, num_classes: int, exclusive_classes: int | None = None) -> None:
        """Set the classes.

        Args:
            num_classes: C, at least 1.
            exclusive_classes: See the class; None means all.

        Raises:
            ConfigError: One of the two is out of range.
        """
        super().__init__()
        if num_classes < 1:
            raise ConfigError(f"model.num_classes: expected at least 1, got {num_classes}")
        if exclusive_classes is not None and not 0 <= exclusive_classes <= num_classes:
            raise ConfigError(f"dataset.exclusive_classes: expected 0 to {num_classes}, got {exclusive_classes}")
        self.num_classes = num_classes
        self.exclusive_classes = num_classes if exclusive_classes is None else exclusive_classes

    @property
    def multi_hot(self) -> bool:
        """Whether a person can have several classes at the same time."""
        return self.exclusive_classes < self.num_classes

    def prepared(self, clips: Tensor) -> Tensor:
        """Check the shape of clips and lay them out as the weights are.

        Args:
            clips: Should be float [B, 3, K, H, W], H and W multiples of the coarsest stride.

        Returns:
            The same numbers.

        Raises:
            ConfigError: The shape is another one.
        """
        check_clips(clips, max(self.strides))
        return self.laid_out(clips)

    def laid_out(self, clips: Tensor) -> Tensor:
        """Return clips with the channels last in memory, if the weights are so."""
        return clips.contiguous(memory_format=torch.channels_last_3d) if self.channels_last else clips

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Compute the 3D backbone's feature; a network without one says so instead.

        Args:
            clips: float [B, 3, K, H, W], normalised.

        Returns:
            float [B, backbone3d.out_channels, H/stride, W/stride].
        """
        feature: Tensor = self.backbone3d(self.laid_out(clips))
        return feature

    def lay_out(self, channels_last: bool) -> None:
        """Set the memory layout, at the end of a constructor."""
        self.channels_last = channels_last
        if not channels_last:
            return
        for parameter in self.parameters():
            if parameter.ndim in LAYOUTS:
                parameter.data = parameter.data.contiguous(memory_format=LAYOUTS[parameter.ndim])
                if 1 in parameter.shape:
                    cast(Any, parameter).register_hook(partial(_with_strides, parameter.stride()))


LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}
"""By the number of a weight's axes."""


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


def check_levels(backbone2d: nn.Module, many: bool, model: str) -> None:
    """Raise ConfigError where a 2D backbone has one level and the network needs several, or the other way round.

    Args:
        backbone2d: Has the attribute `stride` (one level) or `strides`.
        many: Whether several levels are needed.
        model: The network's name, for the message.
    """
    if hasattr(backbone2d, "strides") != many:
        wanted = "three levels (shufflenetv2, elan_tiny, elan_large, yolov8_n to yolov8_x)" if many else "one level"
        other = "one level" if many else "three levels, for yowo_v2_* and yowo_v3"
        raise ConfigError(f"backbone2d: {model} needs features on {wanted}; {type(backbone2d).__name__} gives {other}")


def make_fusion(fusion: Callable[..., nn.Module], model: str, wanted: str, **arguments: Any) -> nn.Module:
    """Make a network's fusion, where it takes what the network gives it.

    Args:
        fusion: Makes the fusion.
        model: The network's name, for the message.
        wanted: The choices of the group `fusion` that fit, for the message, such as "fusion=conv_lstm".
        arguments: Channels of the features by name, and what else the network decides.

    Returns:
        The fusion.

    Raises:
        ConfigError: The fusion is for another kind of network.
    """
    try:
        inspect.signature(fusion).bind(**arguments)
    except TypeError as error:
        kind = getattr(fusion, "func", fusion)  # of a partial, the class that it makes
        name = getattr(kind, "__name__", str(kind))
        raise ConfigError(f"fusion: {model} needs {wanted}; {name} does not fit ({error})") from error
    return fusion(**arguments)


def check_motion(backbone3d: nn.Module | None, model: str) -> nn.Module:
    """Return a 3D backbone; raise ConfigError where a network that needs one has none.

    Args:
        backbone3d: The backbone, or None.
        model: The network's name, for the message.
    """
    if backbone3d is None:
        raise ConfigError(f"backbone3d: {model} needs one; choose one, such as backbone3d=shufflenetv2_1.0x")
    return backbone3d


def check_anchors(anchors: Sequence[Sequence[float]]) -> None:
    """Raise ConfigError where anchors are no pairs of positive numbers, or there are none."""
    if not anchors or any(len(pair) != 2 or min(pair) <= 0 for pair in anchors):
        raise ConfigError(
            f"dataset.anchors: expected pairs of positive width and height in pixels, got {[list(a) for a in anchors]}"
        )


def _with_strides(strides: tuple[int, ...], gradient: Tensor) -> Tensor:
    """Give a gradient the strides of its weight where they differ in axes of size 1 only, so that no number moves.

    Convolutions choose the strides of such axes as they like, and DDP warns of each difference.
    """
    same = all(a == b or size == 1 for a, b, size in zip(gradient.stride(), strides, gradient.shape, strict=True))
    return gradient.as_strided(gradient.shape, strides) if same else gradient
