"""Rendering of the `motion` data set: from a plan to frames, boxes and a video file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yowo.datasets.motion_paint import PATCH, SPAN, paint_backdrop, paint_figure
from yowo.datasets.motion_plan import Floats, Plan, plan_video

if TYPE_CHECKING:  # importing torch would slow down the start of the drawing processes
    from yowo.data.key_frames import Split

BORDER = 14
"""Width in pixels of the extra background around the picture that camera motion can reveal, at 160 x 120."""
FPS, GOP, CRF = 25, 12, 18
SAME_BYTES = "mbtree=0:rc-lookahead=0"
"""x264 options for reproducible files; without them equal small frames (64 x 48) are sometimes encoded differently."""

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def render_video(plan: Plan) -> Iterator[tuple[Pixels, list[Box | None]]]:
    """Draw the frames of a plan, in order.

    Yields:
        The frame, uint8 [H, W, 3], RGB, and for each actor the tight box x1 y1 x2 y2 in pixels of its visible part, or
        None if it is not visible.
    """
    width, height = plan.size
    border = round(BORDER * max(1.0, width / 160, height / 120))
    scene = _paint_scene(plan, border)
    patches = [_levels(paint_figure(actor.figure, plan.split)) for actor in plan.actors]
    for frame, (dx, dy) in enumerate(plan.camera):
        shifted = (1, 0, border - dx, 0, 1, border - dy)
        picture = scene.transform(plan.size, Image.Transform.AFFINE, shifted, Image.Resampling.BILINEAR)
        coverage = np.zeros((len(patches), height, width), dtype=np.float32)
        for number, (levels, actor) in enumerate(zip(patches, plan.actors, strict=True)):
            drawn, corner = _place(levels, actor.states[frame] + np.array([dx, dy, 0, 0]))
            picture.paste(drawn, corner, drawn)
            alpha = Image.new("L", plan.size)
            alpha.paste(drawn.getchannel("A"), corner)
            coverage[number] = np.asarray(alpha, dtype=np.float32) / 255
            coverage[:number] *= 1 - coverage[number]
        yield np.asarray(picture), [coverage_box(alone) for alone in coverage]


def coverage_box(coverage: NDArray[np.float32]) -> Box | None:
    """Return the tight box, with subpixel accuracy, around the pixels that are covered by at least one half.

    Args:
        coverage: float32 [H, W], 0..1, covered fraction of each pixel.

    Returns:
        x1 y1 x2 y2 in pixels, within the picture; None if no pixel is covered by at least one half.
    """
    columns, rows = coverage.max(axis=0), coverage.max(axis=1)
    if columns.max() < 0.5:
        return None
    (x1, x2), (y1, y2) = _half_crossings(columns), _half_crossings(rows)
    return x1, y1, x2, y2


def write_video(path: Path, frames: Iterator[Pixels], size: tuple[int, int]) -> None:
    """Encode frames as H.264 without B-frames, with one thread, so that equal frames give byte-identical files.

    Args:
        path: File to write.
        frames: Frames, each uint8 [H, W, 3], RGB.
        size: Width and height in pixels, both even.
    """
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.gop_size = GOP
        stream.max_b_frames = 0
        stream.thread_count = 1
        stream.options = {"crf": str(CRF), "preset": "veryfast", "threads": "1", "x264-params": SAME_BYTES}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def make_video(
    path: Path, split: Split, index: int, num_frames: int, size: tuple[int, int], seed: int
) -> list[tuple[int, Box, int, int]]:
    """Plan, draw and encode one video; the same arguments give a byte-identical file.

    Args:
        path: File to write.
        split: "train" or "val".
        index: Number of the video in its split.
        num_frames: Number of frames.
        size: Width and height in pixels, both even.
        seed: Random seed of the data set.

    Returns:
        The annotation, sorted by frame, then actor: frame number (from 0), box x1 y1 x2 y2 in pixels, index into
        `CLASSES`, number of the actor.
    """
    plan = plan_video(split, index, num_frames, size, seed)
    rows: list[tuple[int, Box, int, int]] = []

    def frames() -> Iterator[Pixels]:
        for number, (picture, boxes) in enumerate(render_video(plan)):
            for track, (actor, box) in enumerate(zip(plan.actors, boxes, strict=True)):
                if box is not None and actor.start <= number < actor.stop:
                    rows.append((number, box, actor.label, track))
            yield picture

    write_video(path, frames(), size)
    return rows


def _paint_scene(plan: Plan, border: int) -> Image.Image:
    """Paint the background with the distractors, `border` pixels larger than the picture on each side."""
    size = (plan.size[0] + 2 * border, plan.size[1] + 2 * border)
    scene = paint_backdrop(plan.backdrop, plan.split, size)
    for figure, state in plan.distractors:
        drawn, corner = _place(_levels(paint_figure(figure, plan.split)), state + np.array([border, border, 0, 0]))
        scene.paste(drawn, corner, drawn)
    return scene


def _levels(patch: Image.Image) -> list[Image.Image]:
    """Return the patch at 1, 1/2 and 1/3 of its size, to draw small figures without aliasing."""
    faint = patch.convert("RGBa")  # premultiplied alpha, so that transparent pixels do not bleed into the edges
    return [faint] + [faint.reduce(factor) for factor in (2, 3)]


def _place(levels: list[Image.Image], state: Floats) -> tuple[Image.Image, tuple[int, int]]:
    """Draw a figure in a state, float64 [4] as in `Actor`; return an RGBA image and its top left corner in pixels."""
    x, y, side, angle = state.tolist()
    factor = min(len(levels), max(1, int(PATCH / (SPAN * side))))
    patch = levels[factor - 1]
    step = patch.width / (SPAN * side)
    reach = int(np.ceil(0.6 * side)) + 1
    left, top = int(np.floor(x)) - reach, int(np.floor(y)) - reach
    cos, sin = step * np.cos(angle), step * np.sin(angle)
    middle = patch.width / 2
    matrix = (
        cos,
        sin,
        middle - cos * (x - left) - sin * (y - top),
        -sin,
        cos,
        middle + sin * (x - left) - cos * (y - top),
    )
    extent = (2 * reach + 1, 2 * reach + 1)
    drawn = patch.transform(extent, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return drawn.convert("RGBA"), (left, top)


def _half_crossings(profile: NDArray[np.float32]) -> tuple[float, float]:
    """Return the first and last positions, in pixels from 0 to n, where a profile, float32 [n], crosses one half."""

    def first(line: NDArray[np.float32]) -> float:
        at = int(np.argmax(line >= 0.5))
        if at == 0:
            return 0.0
        before, after = float(line[at - 1]), float(line[at])
        return at - 0.5 + (0.5 - before) / (after - before)

    return first(profile), len(profile) - first(profile[::-1])
