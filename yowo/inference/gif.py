"""Animated GIFs: pictures that move wherever pictures are shown, such as in a README."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yowo.errors import YowoError
from yowo.whole_file import whole_file

COLOURS = (128, 96, 64, 48, 32)
"""Colours of a frame's palette, tried from the most on until the file is small enough."""
TICK = 10
"""Milliseconds. The time of a GIF's frame is a whole multiple of it, and viewers slow down below two."""


def write_gif(path: Path | str, pictures: Sequence[NDArray[np.uint8]], fps: float, most_bytes: int = 1_000_000) -> None:
    """Write pictures as a GIF that repeats; every frame has a palette of its own.

    Args:
        path: The file; it appears when it is complete.
        pictures: uint8 [H, W, 3] each, RGB, all of one size.
        fps: Frames per second; rounded to what the format knows, at most 50.
        most_bytes: Palettes shrink until the file is no larger; with the smallest one it is written anyway.

    Raises:
        YowoError: There is no picture, or the file cannot be written.
    """
    if not pictures:
        raise YowoError(f"{path}: expected at least one picture")
    duration = TICK * max(2, round(1000 / fps / TICK))
    for colours in COLOURS:
        encoded = _encode(pictures, colours, duration)
        if len(encoded) <= most_bytes:
            break
    with whole_file(Path(path)) as unfinished:
        unfinished.write_bytes(encoded)


def _encode(pictures: Sequence[NDArray[np.uint8]], colours: int, duration: int) -> bytes:
    """Return a GIF file, `duration` milliseconds a frame, `colours` in each palette."""
    frames = []
    for picture in pictures:
        image = Image.fromarray(np.ascontiguousarray(picture))
        # the palette of every third pixel is as good, and is found in a hundredth of the time
        sample = image.resize((-(-image.width // 3), -(-image.height // 3)), Image.Resampling.NEAREST)
        palette = sample.quantize(colours, Image.Quantize.MEDIANCUT)
        # without dithering: its noise would change from frame to frame, and take most of the file
        frames.append(image.quantize(palette=palette, dither=Image.Dither.NONE))
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=duration, loop=0, optimize=False)
    return file.getvalue()
