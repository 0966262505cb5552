"""The measurements of detection of `benchmarks.gpu`, each a function that yields its figures one by one."""

import statistics
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.gpu_parts import Figure, Setting, batch, half, memory, network, timed
from benchmarks.released_inference import NAMES, released_network
from yowo.inference.cuda_graphs import recorded


class Way(NamedTuple):
    """How a network is computed.

    Attributes:
        precision: "fp32", "tf32", "bf16" or "fp16".
        last: Whether channels are last in memory.
        mode: "eager", "compiled" (torch.compile) or "graph" (the forward pass as a CUDA graph).
    """

    precision: str
    last: bool
    mode: str


EAGER = (
    Way("fp32", False, "eager"),
    Way("tf32", False, "eager"),
    Way("tf32", True, "eager"),
    Way("bf16", True, "eager"),
    Way("fp16", True, "eager"),
    Way("tf32", True, "graph"),
    Way("bf16", True, "graph"),
    Way("fp16", True, "graph"),
)
COMPILED = (Way("tf32", True, "compiled"), Way("bf16", True, "compiled"))


def inference(setting: Setting, models: tuple[str, ...], compiled: bool) -> Iterator[Figure]:
    """Measure forward pass, post-processing and the copy of the detections to the CPU, beside the released code.

    Args:
        setting: What is measured; with a reference the released code is measured in float32 with and without TF32.
        models: Networks.
        compiled: Whether compiled networks are measured, or all others.
    """
    ways = COMPILED if compiled else EAGER
    if setting.device == "cpu":
        ways = tuple(way for way in ways if way.mode != "graph" and way.precision in ("fp32", "bf16"))
    for model, count in product(models, setting.batches):
        clips, _ = batch(setting, count)
        first = None
        for precision in ("fp32", "tf32") if setting.reference is not None and model in NAMES and not compiled else ():
            if setting.device == "cuda" or precision == "fp32":
                each = _released(setting, model, precision, clips)
                first = first or statistics.median(each)
                yield figure_row(setting, "released", model, Way(precision, False, "eager"), count, each, first)
        for way in ways:
            try:
                each = _ours(setting, model, way, clips)
            except (RuntimeError, NotImplementedError) as error:  # such as out of memory, or what no graph can hold
                words = str(error).strip().partition("\n")[0][:120]
                yield {"code": "ours", "model": model, **way._asdict(), "clips a batch": count, "failed": words}
                continue
            yield figure_row(setting, "ours", model, way, count, each, first)


def figure_row(
    setting: Setting, code: str, model: str, way: Way, count: int, seconds: list[float], first: float | None
) -> Figure:
    """Return a row; `first` is the released code's time of a batch in float32."""
    each = sorted(1000 * time / count for time in seconds)
    median = statistics.median(each)
    return {
        "code": code,
        "model": model,
        "precision": way.precision,
        "channels last": "yes" if way.last else "no",
        "mode": way.mode,
        "clips a batch": count,
        "ms a clip": round(median, 3),
        "95 %": round(each[int(0.95 * (len(each) - 1))], 3),
        "99 %": round(each[int(0.99 * (len(each) - 1))], 3),
        "clips/s": round(1000 / median, 1),
        "times the released fp32": "" if first is None else round(1000 * first / count / median, 2),
        "GiB": memory(setting),
    }


def set_precision(precision: str) -> None:
    """Allow TF32 or forbid it, by the name of a precision."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"


def _released(setting: Setting, model: str, precision: str, clips: Tensor) -> list[float]:
    """Return the seconds of each batch of the released code, whose result is on the CPU."""
    if setting.reference is None:
        return []
    set_precision(precision)
    net = released_network(setting.reference, model, setting.size, setting.clip_len, setting.device)
    return timed(lambda: net(clips), setting, least=5)


def _ours(setting: Setting, model: str, way: Way, clips: Tensor) -> list[float]:
    """Return the seconds of each batch of ours, until the boxes are on the CPU."""
    set_precision(way.precision)
    _, net = network(setting, model, f"channels_last={'true' if way.last else 'false'}")
    net.eval()
    if way.mode == "compiled":
        net.compile()
    forward: Callable[[Tensor], Any] = net
    with torch.inference_mode(way.mode != "compiled"), torch.no_grad(), half(setting, way.precision):
        if way.mode == "graph":
            forward = graphed(net, clips)

        def step() -> None:
            for one in net.postprocess(forward(clips)):
                one["boxes"].cpu()

        return timed(step, setting, least=5)


def graphed(net: Callable[[Tensor], Any], clips: Tensor) -> Callable[[Tensor], Any]:
    """Record a forward pass as a CUDA graph, for clips of one shape, see `yowo.inference.cuda_graphs`."""
    graph, given, output = recorded(net, clips)

    def replay(clips: Tensor) -> Any:
        given.copy_(clips)
        graph.replay()
        return output

    return replay


def streaming(setting: Setting, models: tuple[str, ...]) -> Iterator[Figure]:
    """Measure detection on frames of 320 x 240 that come one by one: resizing, network and rule."""
    from yowo.config.build import build_eval_transform
    from yowo.inference.clip_detector import ClipDetector
    from yowo.inference.cuda_graphs import GraphedNetwork
    from yowo.inference.frame_times import frame_times, moving_pictures
    from yowo.inference.sliding_detections import SlidingDetections
    from yowo.models.sliding import SlidingDetector

    pictures = moving_pictures(32, (320, 240))
    for model, precision in product(models, ("fp32", "tf32") if setting.device == "cuda" else ("fp32",)):
        set_precision(precision)
        config, net = network(setting, model)
        net.eval()
        transform = build_eval_transform(config)
        rule = net.postprocess.with_options(score_threshold=0.3)
        detectors = {
            "clip": ClipDetector(net, rule, transform, setting.clip_len, 1, setting.device),
            "clip, CUDA graph": ClipDetector(
                GraphedNetwork(net) if setting.device == "cuda" else net,
                rule,
                transform,
                setting.clip_len,
                1,
                setting.device,
            ),
            "exact": SlidingDetections(SlidingDetector(net, setting.clip_len), rule, transform, 1, setting.device),
        }
        times = frame_times(detectors, pictures, 2 * setting.seconds, 2, setting.clip_len)
        for name, each in times.items():
            yield {
                "model": model,
                "precision": precision,
                "streaming": name,
                "FPS": round(each.fps, 1),
                **{f"{part} %": round(each.milliseconds(part / 100), 2) for part in (50, 95, 99)},
            }
