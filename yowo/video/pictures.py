"""Pictures as frames: which files are pictures, in which order they follow, and reading one as a person sees it."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from yowo.errors import VideoError
from yowo.video.file_names import last_number, natural_key, spelled, without_ending
from yowo.video.frames import Frames

PICTURE_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm", ".jp2",
)  # fmt: skip
"""Endings of pictures, in small letters."""
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of grey pictures with 16 bits."""
SIXTEEN_BITS_IN_32 = ("PNG", "PPM")
"""Formats whose grey pictures of 16 bits may come in Pillow's mode of 32 bits."""
ORIENTATION = 0x0112
"""EXIF's tag."""
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
"""TIFF's PhotometricInterpretation, and its value for negatives."""
PAPER = (255, 255, 255)
"""What is seen where a picture is transparent."""
READING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, OverflowError, Image.DecompressionBombError)
"""What Pillow raises for damaged pictures."""


def is_picture(name: str) -> bool:
    """Tell from a file's name whether it is a picture; hidden files, such as those that macOS adds, are none."""
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES


def picture_stem(name: str) -> str:
    """Return a picture's file name without its ending, in one spelling."""
    return without_ending(spelled(name), PICTURE_SUFFIXES)


def picture_names(folder: str | Path) -> list[str]:
    """Return the file names of a folder's pictures, in the order of the numbers in them, then of the letters.

    Pictures without a number, such as a cover, are left out if others have one.

    Args:
        folder: The folder; its subfolders are not listed.

    Raises:
        VideoError: The folder cannot be listed, or two pictures differ in their ending only.
    """
    try:
        names = [entry.name for entry in os.scandir(folder) if is_picture(entry.name)]
    except OSError as error:
        raise VideoError(f"{folder}: cannot be listed ({error.strerror or error})") from error
    numbered = [name for name in names if last_number(picture_stem(name)) is not None]
    stems: dict[str, str] = {}
    for name in numbered or names:
        other = stems.setdefault(picture_stem(name), name)
        if other != name:
            raise VideoError(
                f"{folder}: {min(name, other)} and {max(name, other)} have the same name but for the ending, so it is "
                "not clear which is the frame; remove one of them"
            )
    return [stems[stem] for stem in sorted(stems, key=lambda stem: (natural_key(stem), stem))]


def read_picture(path: str | Path) -> Frames:
    """Read a picture as a person sees it.

    It is turned as its EXIF data say; 16 bits become 8 by their upper half; transparent pixels show white paper;
    palettes, grey and CMYK become RGB. Of several pictures in a file the first is read.

    Args:
        path: The file.

    Returns:
        uint8 [H, W, 3], RGB.

    Raises:
        VideoError: It is no picture, is damaged, or has values that have no certain brightness (32 bits, floats).
    """
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened)
            return np.asarray(_in_colour(picture, opened, path))
    except READING_ERRORS as error:
        raise VideoError(f"{path}: not a readable picture ({error})") from error


def exif_orientation(path: str | Path) -> int:
    """Return EXIF's Orientation of a picture, 1 to 8; 1 if it has none or cannot be read."""
    try:
        with Image.open(path) as opened:
            found = opened.getexif().get(ORIENTATION, 1)
    except READING_ERRORS:
        return 1
    return found if isinstance(found, int) and found in range(1, 9) else 1


def _in_colour(picture: Image.Image, opened: Image.Image, path: str | Path) -> Image.Image:
    """Return a picture, the turned one of an opened file, in RGB."""
    if picture.mode in SIXTEEN_BITS or (picture.mode == "I" and opened.format in SIXTEEN_BITS_IN_32):
        values = np.asarray(picture).astype(np.int64).clip(0, 65535) >> 8
        if opened.format == "TIFF" and opened.getexif().get(PHOTOMETRIC) == WHITE_IS_ZERO:
            values = 255 - values
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise VideoError(
            f"{path}: has {'floats' if picture.mode == 'F' else '32 bits'} as values, whose black and white are not "
            "known; convert it to 8 or 16 bits"
        )
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA"):
        seen = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, (*PAPER, 255)), seen).convert("RGB")
    return picture.convert("RGB")
