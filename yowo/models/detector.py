"""YOWO's detector with two backbones, and what a network of another family must offer."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from yowo.contracts import IN_CELLS, RawOutput
from yowo.errors import ConfigError
from yowo.models.heads import GroupedHead, PerAnchorHead
from yowo.models.network import Network, check_anchors, check_levels, check_motion, make_fusion
from yowo.models.postprocess import PostProcess

Head = GroupedHead | PerAnchorHead


class Detector(Network):
    """2D backbone on the key frame, 3D backbone on the clip, fusion, and one convolution that predicts on one level.

    The key frame is the last frame of the clip.

    A network of another family is a file with an `nn.Module` and a yaml in the group `model` whose `_target_` names it.
    It need not derive from `Network`. Training, evaluation, detection and checkpoints use these members:

    - `__init__(num_classes, ...)`: C is passed in. If there is an argument `anchors` and the yaml does not set it, it
      gets the data set's anchors: pairs of width and height in pixels of the input. All else comes from the yaml.
    - `forward(clips, feature_3d=None) -> RawOutput`: see there for the order of the predictions and what may be absent.
    - `num_classes`, `exclusive_classes`, `strides`: see `Network`.
    - `recipe`, `criterion`, `postprocess`: see `Network`; settable attributes, which
      `yowo.config.build.build_detector` fills from the configuration (`loss` and `postprocess` may name classes of the
      family's own).
    - `motion_feature(clips)`: only for the long-term feature bank (LFB): the 3D feature that `forward` accepts as
      `feature_3d`.

    Attributes:
        exclusive_classes: See `Network`; these share a softmax, and each of the others has a sigmoid.
        anchors: float32 [A, 2], width and height in pixels of the input; a buffer that moves with the network and is
            not saved in state dicts (the configuration has it).
    """

    has_confidence = True
    has_anchors = True
    delta_format = IN_CELLS
    anchors: Tensor

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
        super().__init__(num_classes, exclusive_classes)
        check_anchors(anchors)
        check_levels(backbone2d, False, "this network")
        self.register_buffer("anchors", torch.tensor(anchors, dtype=torch.float32), persistent=False)
        self.backbone2d = backbone2d
        self.backbone3d = check_motion(backbone3d, "this network")
        sizes = {"inputs_2d": backbone2d.out_channels, "inputs_3d": backbone3d.out_channels}
        self.fusion = make_fusion(fusion, "this network", "fusion=cfam, cfam_tiny or cfam_yowo", **sizes)
        stride = cast(int, backbone2d.stride)
        self.head = head(cast(int, self.fusion.out_channels), len(anchors), num_classes, stride)
        self.strides = (stride,)
        self.postprocess = PostProcess(self.exclusive_classes)
        self.lay_out(channels_last)

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell and anchor of the key frame.

        Args:
            clips: float [B, 3, K, H, W], normalised, H and W multiples of the coarsest stride, key frame last.
            feature_3d: float [B, backbone3d.out_channels, H/stride, W/stride], used in place of the 3D backbone's
                feature of the clips, such as the mean of a feature bank; of `clips` only the key frames are used then.

        Returns:
            Confidence and class logits and decoded boxes of one level, see `RawOutput`.

        Raises:
            ConfigError: `clips` has another number of axes or channels, or a side that is no such multiple; the
                backbones' features have different strides.
        """
        clips = self.prepared(clips)
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        feature_2d: Tensor = self.backbone2d(clips[:, :, -1])
        if feature_2d.shape[-2:] != feature_3d.shape[-2:]:
            sizes = [f"{rows} x {columns}" for rows, columns in (feature_2d.shape[-2:], feature_3d.shape[-2:])]
            raise ConfigError(
                f"backbone3d: its feature has {sizes[1]} cells, that of backbone2d {sizes[0]}; both need the same "
                "stride (pyramid and stacked have a stride of 8, the others one of 32)"
            )
        return self.split(self.head(self.fusion(feature_2d, feature_3d)))

    def split(self, prediction: Tensor) -> RawOutput:
        """Split the last convolution's output, in the channel order of this network's head.

        Args:
            prediction: float [B, A (5 + C), h, w], see `yowo.models.heads`.

        Returns:
            The same numbers as `RawOutput`, boxes decoded in float32.
        """
        return self.head.split(prediction, self.anchors)
