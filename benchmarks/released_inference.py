"""Speed of detection on a video that slides by one frame: the released code beside ours, in one process.

python -m benchmarks.released_inference --reference CHECKOUT [--models yowo_nano yowo_plus] [--backends clip,exact]

CHECKOUT is a checkout of yjh0410/PyTorch_YOWO. Both compute the same network with the same random weights, which ours
loads as it loads a released file, on the same frames of 224 x 224 pixels, with 16 frames a clip, one clip at a time,
and the released thresholds. The released code is given finished clips: its own reading and resizing are not counted.
Ours begins with pictures, which it normalises. All take turns; figures are milliseconds of the CPU (all threads) a
frame, or on a GPU of the clock.
"""

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.released_training import import_released
from yowo.commands.bench.backend_names import check_backends, installed
from yowo.commands.bench.backends import build_backends, detections_of
from yowo.config.build import build_detector, build_eval_transform
from yowo.config.compose import compose_config
from yowo.contracts import Detections
from yowo.inference.frame_times import FrameTimes, frame_times, matrix_peak, moving_pictures, same_detections
from yowo.inference.prepared_frames import Transform, prepared
from yowo.reports.narrow_tables import print_table
from yowo.weights.loading import load_weights

NAMES = {"yowo_plus": "yowo", "yowo_nano": "yowo_nano"}
"""Networks that it has: ours by name, and its own."""
RELEASED = "released"
CLASSES = 24
THRESHOLD = 0.3
"""Of scores, as in its demo."""
NMS = 0.5


class ReleasedDetector:
    """The released network as a `FrameDetector` of one frame a call; its clips are made beforehand."""

    def __init__(self, network: Any, clips: Sequence[torch.Tensor]) -> None:
        """Take the network and the clips [1, 3, K, H, W] that end at the frames, which are repeated."""
        self.network, self._clips = network, clips
        self._count = 0

    def reset(self) -> None:
        """Begin with the first clip."""
        self._count = 0

    def add(self, pictures: NDArray[np.uint8], wanted: Sequence[bool]) -> list[Detections | None]:
        """Detect on the next clip.

        Args:
            pictures: uint8 [1, H, W, 3]; only their number is used.
            wanted: One flag.
        """
        clip = self._clips[self._count % len(self._clips)]
        self._count += len(pictures)
        scores, labels, boxes = self.network(clip)
        found = (torch.as_tensor(value[0]) for value in (boxes, scores, labels))
        return [Detections(zip(("boxes", "scores", "labels"), found, strict=True))]  # type: ignore[call-overload]


def released_network(checkout: Path, model: str, size: int, clip_len: int, device: str) -> Any:
    """Make the released network for detection, with random weights.

    Raises:
        ConfigError: The folder is not such a checkout.
    """
    np.int = int  # type: ignore[attr-defined]  # it needs a NumPy before 1.24
    configs, yowo = import_released(checkout)
    config = configs[NAMES[model]] | {"pretrained_2d": False, "pretrained_3d": False}
    anchors = config["anchor_size"]["ucf24"]
    options = {"conf_thresh": THRESHOLD, "nms_thresh": NMS, "topk": 40, "trainable": False}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        made = yowo(config, torch.device(device), size, anchors, clip_len, CLASSES, **options)
    varied(made)
    return made.to(device).eval()


def varied(network: torch.nn.Module) -> None:
    """Give batch norms statistics as after training, and the last layer scores that pass thresholds."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)


def clips_of(pictures: NDArray[np.uint8], transform: Transform, clip_len: int, device: str) -> list[torch.Tensor]:
    """Return the clips [1, 3, K, H, W] that end at each frame; frames before the first are copies of it."""
    frames = prepared(pictures, transform, device)
    ends = range(len(pictures))
    places = [(end + torch.arange(1 - clip_len, 1)).clamp(min=0) for end in ends]
    return [frames[:, place][None] for place in places]


def measure(options: argparse.Namespace, model: str) -> Table:
    """Measure one network in all ways."""
    size = [f"dataset.image_size={options.size}", f"dataset.clip_len={options.clip_len}", "dataset.root=none"]
    config = compose_config("train", ["dataset=ucf24", f"model={model}", *size])
    pictures = moving_pictures(options.frames, (options.size, options.size))
    theirs = released_network(options.reference, model, options.size, options.clip_len, options.device)
    detector = build_detector(config)
    load_weights(detector, {"model": theirs.state_dict()})
    clips = clips_of(pictures, build_eval_transform(config), options.clip_len, options.device)
    with tempfile.TemporaryDirectory() as folder:
        names = options.backends.split(",") if options.backends else installed()
        backends, notes = build_backends(config, detector, names, options.device, Path(folder), pictures)
        detectors: dict[str, Any] = {RELEASED: ReleasedDetector(theirs, clips)}
        detectors |= {name: backend.make(THRESHOLD, None) for name, backend in backends.items()}
        compared = {RELEASED: _at_zero(detectors[RELEASED], theirs, pictures, options.compared)}
        compared |= detections_of(backends, pictures[: options.compared])
        peaks = [matrix_peak(options.device)]
        times = frame_times(detectors, pictures, options.seconds, options.turns, options.clip_len)
        peaks.append(matrix_peak(options.device))
    for note in notes:
        Console(stderr=True).print(note, highlight=False)
    titles = {RELEASED: "released code", **{name: backend.title for name, backend in backends.items()}}
    return table(model, options, max(peaks), titles, times, compared)


def _at_zero(detector: ReleasedDetector, network: Any, pictures: NDArray[np.uint8], count: int) -> list[Any]:
    """Return what the released network finds on the first frames at a threshold of 0."""
    network.conf_thresh = 0.0
    found = [detector.add(picture[None], [True])[0] for picture in pictures[:count]]
    network.conf_thresh = THRESHOLD
    detector.reset()
    return found


def table(
    model: str,
    options: argparse.Namespace,
    peak: float,
    titles: dict[str, str],
    times: dict[str, FrameTimes],
    compared: dict[str, list[Any]],
) -> Table:
    """Return the table of one network; ratios are to the released code."""
    cpu = options.device == "cpu"
    what = f"{torch.get_num_threads()} threads" if cpu else torch.cuda.get_device_name()
    made = Table("", title=f"{model}, {options.size} x {options.size}, K = {options.clip_len}; {what}; "
                           f"peak {peak / 1e9:.0f} GFLOP/s")  # fmt: skip
    for column in ("CPU ms" if cpu else "ms", "p50 ms", "p99 ms", "times as fast", "same detections"):
        made.add_column(column, justify="right")
    seconds = {name: each.cpu if cpu else 1 / each.fps for name, each in times.items()}
    for name, each in times.items():
        same = same_detections(compared[RELEASED], compared[name])
        made.add_row(
            titles[name],
            f"{1000 * seconds[name]:.1f}",
            f"{each.milliseconds(0.5):.1f}",
            f"{each.milliseconds(0.99):.1f}",
            f"{seconds[RELEASED] / seconds[name]:.2f}",
            f"{100 * same:.1f} %",
        )
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table for each network."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.released_inference", description=str(__doc__).partition("\n")[0]
    )
    parser.add_argument("--reference", type=Path, required=True, help="checkout of yjh0410/PyTorch_YOWO")
    parser.add_argument("--models", nargs="+", choices=list(NAMES), default=["yowo_nano", "yowo_plus"])
    parser.add_argument("--backends", help="separated by commas, see yowo bench infer; default: all that are installed")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is timed (20)")
    parser.add_argument("--turns", type=int, default=4, help="turns that they take (4)")
    parser.add_argument("--frames", type=int, default=64, help="frames that are repeated (64)")
    parser.add_argument("--compared", type=int, default=16, help="frames whose detections are compared (16)")
    parser.add_argument("--size", type=int, default=224, help="height and width in pixels (224)")
    parser.add_argument("--clip-len", type=int, default=16, help="frames of a clip (16)")
    options = parser.parse_args(arguments)
    options.reference = options.reference.resolve()
    check_backends(options.backends.split(",") if options.backends else [])
    for model in options.models:
        print_table(Console(file=sys.stdout), measure(options, model))


if __name__ == "__main__":
    main()
