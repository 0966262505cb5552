"""A network that runs over a video, as a file: one frame in, and tensors that it returned for the frames before.

A file with streaming=exact or state holds a step of `yowo.models.frame_steps`: what was computed for earlier frames is
not computed again. Its first input is the new frame, the others are tensors of earlier steps; it returns the raw output
and the tensors that later steps need. The facts tell which is which.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yowo.contracts import Detections, RawOutput
from yowo.errors import ConfigError
from yowo.inference.exported.facts import EXACT, ExportFacts
from yowo.inference.exported.folding import fold_batch_norms
from yowo.inference.exported.network import ExportedFile, raw_output
from yowo.inference.exported.runtimes import Runtime
from yowo.inference.exported.tracing import OUTPUTS, Traced, free_sizes, levels_of, program_of
from yowo.inference.prepared_frames import Transform, prepared
from yowo.models.frame_steps import FrameSteps, frame_steps
from yowo.models.network import Network
from yowo.models.postprocess import to_cpu
from yowo.models.sliding_past import PastTensors
from yowo.models.sliding_plan import Past

FRAMES = "frames"
"""Name of the first input."""
Floats = NDArray[np.float32]


class _Step(nn.Module):
    """A step with a tuple of tensors as its output."""

    def __init__(self, steps: FrameSteps, outputs: Sequence[str]) -> None:
        super().__init__()
        self.steps, self.outputs = steps, tuple(outputs)

    def forward(self, frames: Tensor, past: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Take a step: the chosen outputs in their order, then what is kept."""
        raw, kept = self.steps(frames, past)
        return (*(cast(dict[str, Tensor], raw)[name] for name in self.outputs), *kept)


@torch.no_grad()
def trace_sliding(detector: Network, clip_len: int, name: str, way: str = EXACT) -> tuple[Traced, dict[str, Any]]:
    """Trace a network as one that runs over a video frame by frame; the network itself is not changed.

    Args:
        detector: On any device.
        clip_len: K, frames of the clips whose detections it gives.
        name: Of the network, for errors.
        way: `EXACT` or `STATE`, see `yowo.models.frame_steps`.

    Returns:
        The program, for any number of videos of any height and width that are multiples of the stride; and the facts of
        its states: `past`, pairs of series and lag in the order of the inputs; `kept`, series in the order of the
        outputs; `sizes`, channels and stride in pixels of each series; and `settled_after`, steps with the same frame
        after which the states do not depend on those before.

    Raises:
        ConfigError: The network cannot run so, or torch.export cannot trace it.
    """
    sliding = cast(Any, frame_steps(copy.deepcopy(detector).cpu().eval(), clip_len, way)).eval()
    stride = max(detector.strides)
    frames = torch.zeros(2, 3, 3 * stride, 4 * stride)  # sides that differ from each other and from 1
    kept = dict(zip(sliding.kept, sliding.first(frames), strict=True))
    past = tuple(kept[wanted.series].clone() for wanted in sliding.past)  # one object would be one input
    fold_batch_norms(sliding, lambda: sliding(frames, past))
    raw, _ = sliding(frames, past)
    outputs = [key for key in OUTPUTS if key in raw]
    batch, rows, columns = free_sizes()

    def free(tensor: Tensor) -> dict[int, Any]:
        return {0: batch, 2: tensor.shape[2] // 3 * rows, 3: tensor.shape[3] // 4 * columns}

    shapes = (free(frames), tuple(free(tensor) for tensor in past))
    program = program_of(_Step(sliding, outputs), (frames, past), shapes, name)
    inputs = [FRAMES, *(f"past_{wanted.series}_{wanted.lag}" for wanted in sliding.past)]
    returned = [f"kept_{series}" for series in sliding.kept]
    steps = {series: frames.shape[2] // one.shape[2] for series, one in kept.items()}
    axes = {output: {0: "batch", 1: "predictions"} for output in outputs}
    axes[FRAMES] = {0: "batch", 2: "height", 3: "width"}
    for state, series in zip((*inputs[1:], *returned), (*(one.series for one in sliding.past), *kept), strict=True):
        axes[state] = {0: "batch", 2: f"height / {steps[series]}", 3: f"width / {steps[series]}"}
    states = {
        "past": [list(wanted) for wanted in sliding.past],
        "kept": list(sliding.kept),
        "sizes": {series: [one.shape[1], steps[series]] for series, one in kept.items()},
        "settled_after": sliding.settled_after,
    }
    return Traced(program, inputs, [*outputs, *returned], axes, levels_of(raw)), states


class ExportedSliding(ExportedFile):
    """Takes the frames of a video one by one, as `FrameSteps` of PyTorch do.

    Attributes:
        past: See `FrameSteps`.
        kept: See `FrameSteps`.
    """

    def __init__(self, runtime: Runtime, facts: ExportFacts) -> None:
        """Take what runs the file, and what it says of itself."""
        super().__init__(runtime, facts)
        states = facts.states
        self.past = tuple(Past(str(series), int(lag)) for series, lag in states["past"])
        self.kept = tuple(str(series) for series in states["kept"])
        self._inputs = [FRAMES, *(f"past_{wanted.series}_{wanted.lag}" for wanted in self.past)]

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Refuse: the file takes no clips.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"this file was exported with streaming={self.facts.streaming}: it takes frame after frame, as yowo detect "
            "gives them; for clips, such as those of yowo eval, export it with streaming=clip"
        )

    def step(self, frame: Floats, past: Sequence[Floats]) -> tuple[RawOutput, list[Floats]]:
        """Take the next frame of a video.

        Args:
            frame: float32 [B, 3, H, W], normalised.
            past: Arrays as `past` names them.

        Returns:
            The raw output at the frame, and arrays as `kept` names them.
        """
        found = self.runtime.run(dict(zip(self._inputs, [frame, *past], strict=True)))
        raw = raw_output(found, self.facts, (frame.shape[2], frame.shape[3]))
        return raw, [np.array(found[f"kept_{series}"]) for series in self.kept]

    def first(self, frame: Floats) -> list[Floats]:
        """Return what steps keep when all frames before were copies of this one, float32 [B, 3, H, W]."""
        sizes = self.facts.states["sizes"]
        batch, _, height, width = frame.shape
        empty = {
            series: np.zeros((batch, channels, height // step, width // step), np.float32)
            for series, (channels, step) in sizes.items()
        }
        states = PastTensors[Floats](self.past, self.kept)
        states.fill([empty[series] for series in self.kept])
        kept: list[Floats] = []
        for _ in range(int(self.facts.states["settled_after"])):
            _, kept = self.step(frame, states.tensors())
            states.push(kept)
        return kept


class ExportedSlidingDetections:
    """Detections of an exported network that takes frames; a `FrameDetector`, see `SlidingDetections`.

    A file computes a whole step at once: frames whose detections are not wanted cost as much as others.
    """

    def __init__(
        self,
        network: ExportedSliding,
        postprocess: Callable[[RawOutput], list[Detections]],
        transform: Transform,
        dilation: int = 1,
    ) -> None:
        """Start before the first frame.

        Args:
            network: The opened file; several streams may share it, one after the other.
            postprocess: Makes detections of raw output.
            transform: See `Transform`.
            dilation: Steps in frames between the frames of a clip.
        """
        self._network, self._postprocess, self._transform, self._dilation = network, postprocess, transform, dilation
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame is the first one of another source."""
        self._pasts: list[PastTensors[Floats]] = []
        self._count = 0

    def add(self, pictures: NDArray[np.uint8], wanted: Sequence[bool]) -> list[Detections | None]:
        """Take the next frames, see `FrameDetector.add`.

        Args:
            pictures: uint8 [n, H, W, 3], RGB.
            wanted: n flags.
        """
        frames = prepared(pictures, self._transform, "cpu").transpose(0, 1).numpy()
        if not self._pasts:
            self._pasts = [PastTensors(self._network.past, self._network.kept) for _ in range(self._dilation)]
            before = self._network.first(np.ascontiguousarray(frames[:1]))
            for past in self._pasts:
                past.fill(before)
        found: list[Detections | None] = []
        for place, flag in enumerate(wanted):
            past = self._pasts[self._count % self._dilation]
            self._count += 1
            raw, kept = self._network.step(np.ascontiguousarray(frames[place : place + 1]), past.tensors())
            past.push(kept)
            found.append(to_cpu(self._postprocess(raw)[0]) if flag else None)
        return found
