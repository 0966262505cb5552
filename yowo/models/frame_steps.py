"""Networks that run over a video one frame a step: which way each can, and the module of the steps."""

from collections.abc import Sequence
from typing import Protocol, cast

from torch import Tensor, nn

from yowo.contracts import RawOutput
from yowo.errors import ConfigError
from yowo.models.network import Network
from yowo.models.recurrent import CarriedFeatures, CarriedState, Recurrent
from yowo.models.sliding import SlidingDetector
from yowo.models.sliding import obstacle as obstacle_of_stem
from yowo.models.sliding_plan import Past


class FrameSteps(Protocol):
    """A step takes the new frame of each video and tensors of earlier steps, and returns tensors for later ones.

    Shapes are fixed; who calls it keeps the tensors (`yowo.models.sliding_past.PastTensors`). If the frames of a clip
    are `dilation` frames apart, every `dilation`-th frame belongs to a sequence with a past of its own.

    Attributes:
        past: What a step needs of earlier ones, in the order of its arguments.
        kept: Names of what a step returns for later ones, in order.
        settled_after: After so many steps with the same frame from zeros, a step returns what `first` does.
    """

    past: tuple[Past, ...]
    kept: tuple[str, ...]
    settled_after: int

    def __call__(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[RawOutput, list[Tensor]]:
        """Take a step: float [B, 3, H, W] and tensors as `past` names them to raw output and tensors as `kept` does."""

    def first(self, frames: Tensor) -> list[Tensor]:
        """Return what the steps before keep when all frames before were copies of these, float [B, 3, H, W]."""

    def remember(self, frames: Tensor, past: Sequence[Tensor]) -> list[Tensor]:
        """Take a step whose output is not wanted."""

    def window(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Take a step as far as frames must be taken one by one; the first tensors of several can be joined."""

    def detect(self, frames: Tensor, windows: Tensor) -> RawOutput:
        """Detect with joined tensors of `window` at frames, float [B, 3, H, W]."""


def obstacle(network: nn.Module, way: str = "exact") -> str | None:
    """Say why a network cannot run frame by frame in a way, "exact" or "state"; None if it can."""
    if isinstance(network, Recurrent):
        return None
    if way == "state":
        return f"{type(network).__name__} has no state to carry from frame to frame, as YOWOF has"
    return obstacle_of_stem(network)


def frame_steps(network: nn.Module, clip_len: int, way: str = "exact") -> FrameSteps:
    """Make the steps of a network.

    Args:
        network: In evaluation mode; it is used, not copied.
        clip_len: K, at least 1.
        way: "exact" or "state".

    Raises:
        ConfigError: The network cannot run so, see `obstacle`.
    """
    if (reason := obstacle(network, way)) is not None:
        raise ConfigError(f"streaming={way}: {reason}; set streaming={'exact or ' * (way == 'state')}clip")
    if isinstance(network, Recurrent):
        return CarriedState(network, clip_len) if way == "state" else CarriedFeatures(network, clip_len)
    return SlidingDetector(cast(Network, network), clip_len)
