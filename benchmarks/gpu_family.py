"""Detection with every network of the family, one clip or frame at a time, for `benchmarks.gpu`."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.gpu_inference import Way, figure_row, graphed, set_precision
from benchmarks.gpu_parts import Figure, Setting, half, network, timed
from yowo.contracts import RawOutput
from yowo.models.conv_lstm import MemoryState
from yowo.models.yowof import YOWOF

FAMILY = (
    "yowo_nano",
    "yowof_r18",
    "yowo_v2_nano",
    "yowo_v2_tiny",
    "yowo_v2_medium",
    "yowo_v2_large",
    "yowo_v3",
    "yowo_plus",
)
WAYS = (Way("tf32", True, "eager"), Way("tf32", True, "graph"), Way("bf16", True, "graph"))
SECONDS = 0.7
"""Most seconds of a figure: all of them have to fit into the limit of the part."""
THRESHOLD = 0.3
"""Of scores, as in `yowo detect`: networks with random weights are sure of nothing, so the rule has little to do."""


class FrameStep(nn.Module):
    """YOWOF, one frame a step; its state is overwritten in place, so that a CUDA graph carries it from call to call."""

    hidden: Tensor
    cell: Tensor

    def __init__(self, net: YOWOF, size: int) -> None:
        """Start without memory.

        Args:
            net: In evaluation mode.
            size: Height and width of the frames in pixels.
        """
        super().__init__()
        self.net, self.size = net, size
        side, device = size // max(net.strides), net.anchors.device
        for name in ("hidden", "cell"):
            zeros = torch.zeros(1, net.fusion.out_channels, side, side, device=device)
            self.register_buffer(name, zeros, persistent=False)

    def forward(self, frames: Tensor) -> RawOutput:
        """Take the next frame, float [1, 3, size, size]."""
        state = self.net.advance(frames, MemoryState(self.hidden, self.cell))
        raw = self.net.predict(state.hidden, (self.size, self.size))
        self.hidden.copy_(state.hidden)
        self.cell.copy_(state.cell)
        return raw


def family(setting: Setting, models: tuple[str, ...] = FAMILY) -> Iterator[Figure]:
    """Measure forward pass, rule for detections and the copy of the boxes to the CPU, batch 1.

    Args:
        setting: What is measured.
        models: Networks. YOWOF takes one frame a step and carries its state, the others a clip.
    """
    setting = setting._replace(seconds=min(setting.seconds, SECONDS))
    ways: tuple[Way, ...] = WAYS
    if setting.device == "cpu":
        ways = (Way("fp32", True, "eager"), Way("bf16", True, "eager"))
    for model in models:
        _, net = network(setting, model, "channels_last=true")
        net.eval()
        rule = net.postprocess.with_options(score_threshold=THRESHOLD)
        size = setting.size
        shape = (1, 3, size, size) if isinstance(net, YOWOF) else (1, 3, setting.clip_len, size, size)
        given = torch.rand(shape, device=setting.device)
        for way in ways:
            named = {"code": "ours", "model": model, "input": "frame" if isinstance(net, YOWOF) else "clip"}
            try:
                each = _times(setting, net, way, given, rule)
            except (RuntimeError, NotImplementedError) as error:  # such as what no graph can hold
                words = str(error).strip().partition("\n")[0][:120]
                yield {**named, **way._asdict(), "clips a batch": 1, "failed": words}
                continue
            yield {**named, **figure_row(setting, "ours", model, way, 1, each, None)}
        del net, rule


def _times(setting: Setting, net: Any, way: Way, given: Tensor, rule: Callable[[RawOutput], Any]) -> list[float]:
    """Return the seconds of each step."""
    set_precision(way.precision)
    forward: Callable[[Tensor], Any] = FrameStep(net, setting.size) if isinstance(net, YOWOF) else net
    with torch.inference_mode(), half(setting, way.precision):
        if way.mode == "graph":
            forward = graphed(forward, given)

        def step() -> None:
            for one in rule(forward(given)):
                one["boxes"].cpu()

        return timed(step, setting, least=5)
