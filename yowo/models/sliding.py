"""A detector that slides over a video by one frame at a time, and computes nothing of its 3D stem twice.

The stem of a 3D backbone reads K frames at full size, of which the window before has seen all but one. Here every tap
of its convolution is computed once per frame, and so are norm, ReLU and pooling in space of every position, but for
those near the ends of the window (see `yowo.models.sliding_plan`). The output equals the clip-wise network's, up to
the rounding of sums in another order.
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.contracts import RawOutput
from yowo.errors import ConfigError
from yowo.models.network import Network
from yowo.models.sliding_plan import make_plan, map_name, sum_name
from yowo.models.stem import HasStem, can_fold, folded_weights

Maps = dict[str, Tensor]


def obstacle(detector: nn.Module) -> str | None:
    """Say why a network cannot slide, such as "its 3D backbone MyNet does not tell its stem"; None if it can."""
    backbone = getattr(detector, "backbone3d", None)
    if not isinstance(detector, Network) or not isinstance(backbone, nn.Module):
        return f"{type(detector).__name__} is no network with a 3D backbone"
    if not isinstance(backbone, HasStem) or not callable(backbone.stem_layers):
        return f"its 3D backbone {type(backbone).__name__} does not tell its stem"
    conv, norm, _ = backbone.stem_layers()
    half = tuple(size // 2 for size in conv.kernel_size)
    plain = conv.padding == half and set(conv.dilation) == {1} and conv.groups == 1 and conv.padding_mode == "zeros"
    if not plain or not all(size % 2 for size in conv.kernel_size):
        return f"the stem of its 3D backbone {type(backbone).__name__} is not an odd kernel padded by its half"
    if not can_fold(norm):
        return f"the norm {type(norm).__name__} of its 3D backbone's stem cannot be folded into the convolution"
    return None


class SlidingDetector(nn.Module):
    """A detector of two backbones in evaluation mode, one frame a step.

    A step takes a new frame and tensors of earlier steps, and returns the raw output of the clip that ends at the frame
    and the tensors that later steps need. Their shapes are fixed; who calls it keeps them (`PastTensors`). If the
    frames of a clip are `dilation` frames apart, every `dilation`-th frame belongs to a sequence of its own, with its
    own past. The weights of the stem are those that the detector has now.

    Attributes:
        detector: The detector.
        clip_len: K.
        past: What a step needs of earlier ones, in the order of its arguments.
        kept: Names of what a step returns for later ones, in order.
        settled_after: See `yowo.models.frame_steps.FrameSteps`.
    """

    bias: Tensor

    def __init__(self, detector: Network, clip_len: int) -> None:
        """Take the stem of the detector's 3D backbone apart.

        Args:
            detector: A `yowo.models.detector.Detector`, YOWOv2 or YOWOv3 in evaluation mode; it is used, not copied.
            clip_len: K, at least 1.

        Raises:
            ConfigError: The network cannot slide, see `obstacle`.
        """
        super().__init__()
        if (reason := obstacle(detector)) is not None:
            raise ConfigError(f"streaming=exact: {reason}; set streaming=clip")
        self.detector = detector
        self.clip_len = clip_len
        stem = cast(HasStem, detector.backbone3d).stem_layers()
        self._half, *padding = cast(tuple[int, int, int], stem.conv.padding)
        self._padding = (padding[0], padding[1])
        self._step = (stem.conv.stride[1], stem.conv.stride[2])
        self._pool = stem.pool
        self._plan = make_plan(clip_len, stem.conv.kernel_size[0], stem.conv.stride[0])
        self.settled_after = int(stem.conv.kernel_size[0])
        self.past = self._plan.past()
        self.kept = tuple(sorted({series for series, _ in self.past}))
        weight, bias = folded_weights(stem.conv, stem.norm)
        self.register_buffer("bias", bias, persistent=False)
        for tap in self._plan.taps:
            layout = weight[:, :, tap].contiguous(memory_format=torch.channels_last)
            self.register_buffer(f"tap_{tap}", layout, persistent=False)

    def forward(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[RawOutput, list[Tensor]]:
        """Take a step.

        Args:
            frames: float [B, 3, H, W], normalised; the next frame of each of B videos.
            past: Tensors as `past` names them.

        Returns:
            The raw output of the clips that end at the frames, and tensors as `kept` names them.
        """
        window, kept = self.window(frames, past)
        return self.detect(frames, window), kept

    def first(self, frames: Tensor) -> list[Tensor]:
        """Return what steps keep when all frames so far were copies of these; for `PastTensors.fill`.

        Args:
            frames: float [B, 3, H, W], normalised.

        Returns:
            Tensors as `kept` names them.
        """
        return self._kept(self._maps(frames, None))

    def remember(self, frames: Tensor, past: Sequence[Tensor]) -> list[Tensor]:
        """Take a step whose output is not wanted.

        Args:
            frames: float [B, 3, H, W], normalised.
            past: Tensors as `past` names them.

        Returns:
            Tensors as `kept` names them.
        """
        return self._kept(self._maps(frames, past))

    def window(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Take a step as far as the stem, so that the windows of several frames can go through the rest at once.

        Args:
            frames: float [B, 3, H, W], normalised.
            past: Tensors as `past` names them.

        Returns:
            The stem's output [B, C, T, h, w] for the clips that end at the frames, and tensors as `kept` names them.
        """
        earlier = self._named(past)
        maps = self._maps(frames, past)
        places = [
            earlier[map_name(p.span), p.lag] if p.lag else self._map(maps, map_name(p.span))
            for p in self._plan.positions
        ]
        if self._pool:
            places = [_largest(places[max(0, middle - 1) : middle + 2]) for middle in range(0, len(places), 2)]
        return F.relu(torch.stack(places, dim=2)), self._kept(maps)

    def detect(self, frames: Tensor, windows: Tensor) -> RawOutput:
        """Detect with the outputs of the stem.

        Args:
            frames: float [B, 3, H, W], the key frames.
            windows: float [B, C, T, h, w], see `window`.

        Returns:
            The raw output.
        """
        feature = cast(HasStem, self.detector.backbone3d).after_stem(windows)
        out: RawOutput = self.detector(frames.unsqueeze(2), feature)
        return out

    def _maps(self, frames: Tensor, past: Sequence[Tensor] | None) -> Maps:
        """Compute the sums that end at the frames; without a past as if the frames before were the same."""
        frames = frames.contiguous(memory_format=torch.channels_last)
        taps = {tap: self._tap(frames, tap) for tap in self._plan.taps}
        earlier = self._named(past) if past is not None else {}
        maps: Maps = {}
        for made in self._plan.sums:
            name, tap = sum_name(made.span), sum_name((made.tap, made.tap))
            if made.inner is None:
                maps[name] = taps[made.tap]
                continue
            inner = sum_name(made.inner)
            begun = earlier[inner, made.lag] if (inner, made.lag) in earlier else maps[inner]
            maps[name] = begun + earlier.get((tap, made.tap_lag), taps[made.tap])
        return maps

    def _named(self, past: Sequence[Tensor]) -> dict[tuple[str, int], Tensor]:
        """Return tensors of earlier steps by series and lag."""
        return {(p.series, p.lag): tensor for p, tensor in zip(self.past, past, strict=True)}

    def _tap(self, frames: Tensor, tap: int) -> Tensor:
        """Convolve frames with one tap; the one of the position's own frame, which no span lacks, brings the bias."""
        bias = self.bias if tap == self._half else None
        return F.conv2d(frames, self.get_buffer(f"tap_{tap}"), bias, self._step, self._padding)

    def _map(self, maps: Maps, name: str) -> Tensor:
        """Return the positions of a span, pooled in space; ReLU comes later, since it changes no order."""
        if name not in maps:
            total = maps[name.replace("map", "sum")]
            maps[name] = F.max_pool2d(total, 3, stride=2, padding=1) if self._pool else total
        return maps[name]

    def _kept(self, maps: Maps) -> list[Tensor]:
        return [self._map(maps, name) if name.startswith("map") else maps[name] for name in self.kept]


def _largest(maps: Sequence[Tensor]) -> Tensor:
    """Return the largest of tensors of one shape, element by element."""
    largest = maps[0]
    for other in maps[1:]:
        largest = torch.maximum(largest, other)
    return largest
