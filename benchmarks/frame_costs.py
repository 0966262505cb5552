"""CPU milliseconds a frame of all that comes after the network: rules for detections, online tubes, drawing, encoding.

python -m benchmarks.frame_costs [--video FILE]

The network's output, the people and their way are made by a random generator with a fixed seed. One thread; each row
is the least and the median over many frames. Drawing and encoding are measured on the pictures of the video, resized
to 320x240; without one on pictures of moving stripes, which are easier to encode.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from yowo.contracts import Detections
from yowo.inference.frame_painter import FramePainter
from yowo.inference.frame_rows import FrameRows
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.video_output import VideoOutput
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import TrackedFrame
from yowo.models.postprocess import PostProcess
from yowo.tubes.online import OnlineLinker
from yowo.video.reader import open_video

SIZE = (320, 240)
"""Width and height of the painted pictures in pixels."""
MEASURED = 120
"""Frames of each row."""
NAMES = [f"action {number}" for number in range(80)]


class Cost(NamedTuple):
    """One row.

    Attributes:
        what: What was measured.
        least: CPU milliseconds a frame, the least.
        median: CPU milliseconds a frame, the median.
    """

    what: str
    least: float
    median: float


def network_output(classes: int, generator: torch.Generator) -> dict[str, Any]:
    """Return `raw` of a clip of 224 x 224 pixels with boxes all over it, 7 x 7 cells of 5 anchors."""
    boxes = 7 * 7 * 5
    centre = 224 * torch.rand(1, boxes, 2, generator=generator)
    half = 10 + 40 * torch.rand(1, boxes, 2, generator=generator)
    return {
        "boxes": torch.cat([centre - half, centre + half], dim=2),
        "conf": 2 * torch.randn(1, boxes, 1, generator=generator) - 4,
        "cls": 3 * torch.randn(1, boxes, classes, generator=generator),
        "image_size": (224, 224),
    }


def crowd(people: int, classes: int, frames: int) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Yield boxes [n, 4] in pixels, scores [n] and labels [n]: each person has each class on each frame."""
    random = np.random.default_rng(0)
    start = np.stack([np.linspace(60, 1200, people), np.full(people, 300)], axis=1)
    strength = 0.8 * random.random((people, classes))
    for frame in range(frames):
        centre = start + random.normal(0, 2, (people, 2)) + 0.5 * frame
        boxes = np.concatenate([centre - np.array([40, 100]), centre + np.array([40, 100])], axis=1).astype(np.float32)
        scores = np.clip(strength + random.normal(0, 0.05, strength.shape), 0.01, 0.99).astype(np.float32)
        yield np.repeat(boxes, classes, axis=0), scores.reshape(-1), np.tile(np.arange(classes), people)


def pictures(video: Path | None) -> list[NDArray[np.uint8]]:
    """Return frames to draw on, uint8 [240, 320, 3]."""
    if video is not None:
        with open_video(video) as reader:
            taken = reader.get_frames(range(min(MEASURED, len(reader))))
        return [np.array(Image.fromarray(frame).resize(SIZE)) for frame in taken]
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    waves = [127 + 120 * np.sin((x + 2 * y + 3 * frame) / 17) for frame in range(MEASURED)]
    return [np.repeat(wave.astype(np.uint8)[..., None], 3, axis=2) for wave in waves]


def watched(people: int, actions: int, shown: Sequence[NDArray[np.uint8]]) -> list[TrackedFrame]:
    """Return frames with people of 48 x 96 pixels who walk, each with some actions."""
    random = np.random.default_rng(1)
    start, speed = random.uniform(0, 1, (people, 2)) * [256, 144], random.normal(0, 0.6, (people, 2))
    owners = np.repeat(np.arange(people), actions)
    labels = (owners + 3 * np.tile(np.arange(actions), people)) % 10
    frames = []
    for place, picture in enumerate(shown):
        corner = (start + place * speed)[owners]
        boxes = np.concatenate([corner, corner + np.array([48, 96])], axis=1).astype(np.float32)
        scores = np.abs(np.sin(place / 9 + owners + labels)).astype(np.float32) * np.float32(0.99)
        rows = FrameRows(boxes, scores, labels, owners)
        result = FrameResult(place, picture, Detections(), place / 25)
        frames.append(TrackedFrame(result, rows, owners + 1, owners + 1))
    return frames


def measured(what: str, steps: Sequence[Callable[[], Any]]) -> Cost:
    """Run each step once and return what a step costs."""
    costs = []
    for step in steps:
        before = time.process_time()
        step()
        costs.append(1000 * (time.process_time() - before))
    return Cost(what, min(costs), statistics.median(costs))


def rule_costs() -> Iterator[Cost]:
    """Yield what the rules for detections cost."""
    generator = torch.Generator().manual_seed(0)
    for what, classes, rule in (
        ("detections, 24 classes", 24, PostProcess(24)),
        ("detections, 80 classes, several at once", 80, PostProcess(14)),
        ("detections, 24 classes, top_k=1000", 24, PostProcess(24, 0.0, top_k=1000)),
        ("detections, 80 classes, top_k=1000", 80, PostProcess(80, 0.0, top_k=1000)),
    ):
        outputs = [network_output(classes, generator) for _ in range(MEASURED)]
        yield measured(what, [lambda rule=rule, raw=raw: rule(raw) for raw in outputs])  # type: ignore[misc]


def tube_costs() -> Iterator[Cost]:
    """Yield what online tubes cost once the stream's window is full."""
    for look in (False, True):
        stream = OnlineLinker().stream()

        def step(frame: int, found: tuple[Any, ...], stream: Any = stream, look: bool = look) -> None:
            stream.update(frame, *found)
            if look:
                stream.current()

        everything = list(enumerate(crowd(10, 80, 50 + MEASURED)))
        for frame, found in everything[:50]:
            step(frame, found)
        what = f"online tubes, 10 people of 80 labels{', and those of the newest frame' if look else ''}"
        yield measured(what, [lambda f=f, found=found, step=step: step(f, found) for f, found in everything[50:]])  # type: ignore[misc]


def drawing_cost(people: int, actions: int, shown: Sequence[NDArray[np.uint8]], turns: int = 5) -> Cost:
    """Return what a frame costs to draw and to encode, the file's end included: the least and the median of turns."""
    frames = watched(people, actions, shown)
    facts = StreamFacts("film", "film.mp4", 25.0, *SIZE, len(frames), False, NAMES, actions > 1)
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(turns):
            output = VideoOutput(Path(folder) / "film.mp4", facts, FramePainter(NAMES, SIZE))
            before = time.process_time()
            for frame in frames:
                output.write(frame)
            output.finish()
            costs.append(1000 * (time.process_time() - before) / len(frames))
            output.close()
    what = f"drawing and encoding {SIZE[0]}x{SIZE[1]}, {people} people of {actions} action{'s' * (actions > 1)}"
    return Cost(what, min(costs), statistics.median(costs))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frame_costs", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--video", type=Path, help="the frames to draw on (moving stripes)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    table = Table("after the network", "least", "median", title="CPU ms a frame, one thread")
    for column in table.columns[1:]:
        column.justify = "right"
    shown = pictures(options.video)
    drawn = (drawing_cost(people, actions, shown) for people, actions in ((2, 1), (4, 3)))
    for costs in (rule_costs(), tube_costs(), drawn):
        for cost in costs:
            table.add_row(cost.what, f"{cost.least:.2f}", f"{cost.median:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
