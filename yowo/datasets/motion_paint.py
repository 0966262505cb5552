"""Textures of the figures and backgrounds of the `motion` data set.

The two splits share no hue: the colour circle is divided into 24 sectors, which belong alternately to train and val.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from yowo.datasets.motion_plan import SPLITS, Figure, Floats

if TYPE_CHECKING:  # importing torch would slow down the start of the drawing processes
    from yowo.data.key_frames import Split

SECTORS = 24
"""Number of sectors of the colour circle, which alternate between the splits."""
PATCH = 96
"""Side of the painted picture of a figure in pixels."""
SPAN = 1.2
"""Side of that picture as a multiple of the figure's side."""
SMOOTH = 4
"""Supersampling factor for anti-aliased outlines."""


def split_hue(random: np.random.Generator, split: Split) -> float:
    """Return a random hue in degrees, 0..360, from the sectors of the colour circle that belong to a split."""
    sector = 2 * int(random.integers(SECTORS // 2)) + SPLITS.index(split)
    return (sector + float(random.uniform(0.1, 0.9))) * 360 / SECTORS


def paint_figure(figure: Figure, split: Split) -> Image.Image:
    """Paint an unrotated figure on a transparent square.

    Args:
        figure: The figure; its `look` determines the texture.
        split: "train" or "val": determines the hues.

    Returns:
        RGBA image of `PATCH` x `PATCH` pixels, which span `SPAN` times the figure's side.
    """
    random = np.random.default_rng([figure.look, SPLITS.index(split)])
    bright = _colour(split_hue(random, split), random.uniform(0.55, 0.9), random.uniform(0.85, 1.0))
    pale = _colour(split_hue(random, split), random.uniform(0.08, 0.3), random.uniform(0.92, 1.0))
    deep = _colour(split_hue(random, split), random.uniform(0.5, 0.8), random.uniform(0.35, 0.55))
    ink = _colour(split_hue(random, split), random.uniform(0.3, 0.6), random.uniform(0.12, 0.22))
    pattern = _pattern(random)[..., None]
    inside = bright * (1 - pattern) + (pale if random.random() < 0.5 else deep) * pattern
    lines = np.linspace(-1, 1, PATCH)
    light = random.uniform(0, 2 * np.pi)
    inside *= (0.94 + 0.12 * (np.cos(light) * lines[None, :] + np.sin(light) * lines[:, None]))[..., None]
    body = _filled(figure.outline)
    core = _filled(figure.outline * 0.86)[..., None]
    colour = inside * core + ink * (1 - core)
    return Image.fromarray(np.dstack([np.clip(colour, 0, 255), 255 * body]).round().astype(np.uint8))


def paint_backdrop(seed: int, split: Split, size: tuple[int, int]) -> Image.Image:
    """Paint a background: clouds in three muted colours with random translucent polygons and lines.

    Args:
        seed: Random seed; the same seed and split give the same image.
        split: "train" or "val": determines the hues.
        size: Width and height in pixels.

    Returns:
        RGB image.
    """
    random = np.random.default_rng([seed, SPLITS.index(split)])
    tones = [_colour(split_hue(random, split), random.uniform(0.15, 0.45), value) for value in (0.36, 0.56, 0.76)]
    clouds = _clouds(random, size, (3, 6, 12, 40))[..., None]
    ground = np.where(
        clouds < 0.5, tones[0] + 2 * clouds * (tones[1] - tones[0]), tones[1] + (2 * clouds - 1) * (tones[2] - tones[1])
    )
    canvas = Image.fromarray(ground.astype(np.uint8))
    litter = Image.new("RGBA", size)
    pen = ImageDraw.Draw(litter)
    short = min(size)
    for _ in range(int(random.integers(14, 26))):
        tone = (*(int(v) for v in tones[int(random.integers(3))]), int(random.integers(90, 190)))
        points = random.uniform(0, size, 2) + random.normal(0, 0.07 * short, (int(random.integers(3, 6)), 2))
        flat = [tuple(point) for point in points.tolist()]
        if random.random() < 0.6:
            pen.polygon(flat, fill=tone)
        else:
            pen.line(flat, fill=tone, width=max(1, round(short / 70)), joint="curve")
    canvas.paste(litter, (0, 0), litter)
    return canvas.filter(ImageFilter.GaussianBlur(0.6))


def _colour(hue: float, saturation: float, value: float) -> Floats:
    """Convert HSV to RGB, float64 [3], 0..255; `hue` is in degrees, `saturation` and `value` are 0..1."""
    return np.array(ImageColor.getrgb(f"hsv({hue:.1f},{100 * saturation:.1f}%,{100 * value:.1f}%)"), dtype=np.float64)


def _pattern(random: np.random.Generator) -> Floats:
    """Return a random two-colour pattern: float64 [PATCH, PATCH], the weight 0..1 of the second colour."""
    lines = np.linspace(-SPAN / 2, SPAN / 2, PATCH)
    turn = random.uniform(0, np.pi)
    u = np.cos(turn) * lines[None, :] + np.sin(turn) * lines[:, None]
    v = np.cos(turn) * lines[:, None] - np.sin(turn) * lines[None, :]
    rate = 2 * np.pi * random.uniform(2.2, 4.2)
    x0, y0 = random.uniform(-0.3, 0.3, 2)
    kind = int(random.integers(6))
    if kind == 0:  # stripes
        wave = np.sin(rate * u + x0)
    elif kind == 1:  # checks
        wave = 1.6 * np.sin(0.8 * rate * (u - x0)) * np.sin(0.8 * rate * (v - y0))
    elif kind == 2:  # rings
        wave = np.sin(rate * np.hypot(u - x0, v - y0))
    elif kind == 3:  # dots
        wave = np.sin(rate * (u - x0)) + np.sin(rate * (v - y0)) - 0.5
    elif kind == 4:  # waves
        wave = np.sin(rate * u + 1.3 * np.sin(1.2 * rate * v + y0))
    else:  # patches
        wave = 6 * (_clouds(random, (PATCH, PATCH), (4, 6)) - 0.5)
    share: Floats = np.clip(0.5 + 2.5 * wave, 0, 1)
    return share


def _clouds(random: np.random.Generator, size: tuple[int, int], grids: Sequence[int]) -> Floats:
    """Return smooth noise, float64 [H, W], 0..1: a sum of upscaled random grids with increasing resolution."""
    total: Floats = np.zeros((size[1], size[0]))
    for octave, cells in enumerate(grids):
        shape = (max(2, cells * size[1] // min(size)), max(2, cells * size[0] // min(size)))
        grid = Image.fromarray(random.random(shape, dtype=np.float32))
        total += 0.6**octave * np.asarray(grid.resize(size, Image.Resampling.BICUBIC))
    total -= total.min()
    total /= total.max()
    return total


def _filled(outline: Floats) -> Floats:
    """Return the anti-aliased filled outline, float64 [P, 2] as in `Figure`, as float64 [PATCH, PATCH], 0..1."""
    mask = Image.new("L", (PATCH * SMOOTH, PATCH * SMOOTH))
    points = (outline / SPAN + 0.5) * (PATCH * SMOOTH) - 0.5
    ImageDraw.Draw(mask).polygon([tuple(point) for point in points.tolist()], fill=255)
    return np.asarray(mask.reduce(SMOOTH), dtype=np.float64) / 255
