"""Labels on pictures: lines of text as ready pixels, and places for them where none hides another."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from yowo.inference.colours import Colour, ink_on

Picture = NDArray[np.uint8]
Corners = NDArray[np.int64]
Place = tuple[int, int, int, int]
"""x1 y1 x2 y2 in pixels of the picture."""
MARGIN = 2
"""Pixels between text and the edge of its background."""
KEPT = 4096
"""Pieces of text whose pixels are remembered."""
NEAR = 3
"""Labels stay within this part of the picture's diagonal, one third, before lines are left out."""
NARROW = 8
"""Text sizes. Labels are as narrow as this before one is left out."""


class Line(NamedTuple):
    """A line of a label.

    Attributes:
        name: Text at the left; cut where the label is too narrow.
        score: Number at the right.
        colour: Of its background.
    """

    name: str
    score: str
    colour: Colour


class Label(NamedTuple):
    """What is written at a box.

    Attributes:
        box: x1 y1 x2 y2 of the box in pixels, inside the picture.
        lines: At least one; the most important first.
        last: Which of the usual places it had on the frame before, so that it stays; None if it is new.
    """

    box: Place
    lines: Sequence[Line]
    last: int | None = None


class Placed(NamedTuple):
    """Where a label goes.

    Attributes:
        corner: x and y of its upper left corner in pixels.
        size: Width and height in pixels.
        lines: Number of its lines that are shown, from the first.
        place: Which of the usual places this is; None if it is none of them: a line to the box is drawn then.
    """

    corner: tuple[int, int]
    size: tuple[int, int]
    lines: int
    place: int | None


def text_size(side: int) -> int:
    """Return the size of text in pixels on a picture whose short side has `side` pixels."""
    return max(11, 5 + side // 40)


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of a size in pixels."""
    return ImageFont.load_default(size)


@lru_cache(KEPT)
def piece(text: str, colour: Colour, size: int) -> Picture:
    """Return text on its background as pixels, uint8 [h, w, 3]; all texts of a size are equally high.

    Args:
        text: One line.
        colour: Of the background; the text is dark or bright, whichever is legible.
        size: Of the text in pixels.
    """
    share = _mask(text, size)[..., None]
    ink, paper = np.array(ink_on(colour), np.float32), np.array(colour, np.float32)
    pixels: Picture = (paper + share * (ink - paper) + 0.5).astype(np.uint8)
    pixels.setflags(write=False)
    return pixels


@lru_cache(KEPT)
def digits(text: str, colour: Colour, size: int) -> Picture:
    """Return the same for a number, put together from its digits: numbers change with every frame."""
    glyphs = [piece(glyph, colour, size)[:, MARGIN:-MARGIN] for glyph in text]
    left, right = (
        np.full((line_height(size), width, 3), colour, np.uint8) for width in (max(MARGIN, size // 4), MARGIN)
    )
    return np.concatenate([left, *glyphs, right], axis=1)


@lru_cache(KEPT // 16)
def _paper(width: int, height: int, colour: Colour) -> Picture:
    """Return pixels of one colour, uint8 [height, width, 3]: to copy them takes less time than to write the colour."""
    return np.full((height, width, 3), colour, np.uint8)


@lru_cache(KEPT)
def _mask(text: str, size: int) -> NDArray[np.float32]:
    """Return float32 [h, w], 1 where text covers a pixel whole."""
    width = int(np.ceil(font(size).getlength(text))) + 2 * MARGIN
    mask = Image.new("L", (width, line_height(size)))
    ImageDraw.Draw(mask).text((MARGIN, line_height(size) // 2), text, 255, font(size), anchor="lm")
    return np.asarray(mask, np.float32) / np.float32(255)


def line_height(size: int) -> int:
    """Return the pixels from one line of text to the next."""
    return size + size // 4 + 1


@lru_cache(KEPT)
def cut(text: str, width: int, size: int) -> str:
    """Shorten text to a width in pixels.

    Examples:
        >>> cut("walk", 200, 12), cut("a long name of an action", 1, 12)
        ('walk', '')
    """
    if font(size).getlength(text) + 2 * MARGIN <= width:
        return text
    while text and font(size).getlength(f"{text}…") + 2 * MARGIN > width:
        text = text[:-1]
    return f"{text}…" if text else ""


def label_size(lines: Sequence[Line], size: int, widest: int) -> tuple[int, int]:
    """Return width and height in pixels of some lines.

    Args:
        lines: The lines.
        size: Of the text in pixels.
        widest: Most pixels of the width.
    """
    width = max(_mask(x.name, size).shape[1] + digits(x.score, x.colour, size).shape[1] for x in lines)
    return min(width, widest), len(lines) * line_height(size)


def place_labels(labels: Sequence[Label], picture: tuple[int, int], size: int) -> list[Placed | None]:
    """Find places where labels hide no other label: at their boxes, or near them with fewer lines, or elsewhere.

    Args:
        labels: The most important first: the later ones make way.
        picture: Width and height of the picture in pixels.
        size: Of the text in pixels.

    Returns:
        The place of each label; None where the picture is full.
    """
    taken: list[Place] = []
    placed: list[Placed | None] = []
    heads = [(x1, y1, x2, y1 + (y2 - y1) // 3) for x1, y1, x2, y2 in (label.box for label in labels)]  # faces are there
    for label in labels:
        found = _find(label, picture, size, taken, heads)
        placed.append(found)
        if found is not None:
            (x, y), (width, height) = found.corner, found.size
            taken.append((x, y, x + width, y + height))
    return placed


def _find(
    label: Label, picture: tuple[int, int], size: int, taken: Sequence[Place], heads: Sequence[Place]
) -> Placed | None:
    """Find the place of one label beside those that are taken, and beside heads if possible."""
    whole, first = len(label.lines), 1
    reach = float(np.hypot(*picture)) / NEAR
    narrow = min(picture[0], NARROW * size)
    for lines, farthest, widest in ((whole, reach, picture[0]), (first, reach, picture[0]), (first, np.inf, narrow)):
        extent = label_size(label.lines[:lines], size, widest)
        usual = _usual(label.box, extent, picture)
        free = [place for place, where in enumerate(usual) if not _covers(where, taken)]
        polite = [place for place in free if not _covers(usual[place], heads)]
        for allowed in (polite, free):
            if allowed:
                place = label.last if label.last is not None and label.last in allowed else allowed[0]
                return Placed(usual[place][:2], extent, lines, place)
        anywhere = _grid(extent, picture, size)
        away = np.linalg.norm(anywhere[:, :2] - np.array(label.box[:2]), axis=1)
        away[~_free(anywhere, np.array(taken, np.int64).reshape(-1, 4)) | (away > farthest)] = np.inf
        if len(away) and np.isfinite(away.min()):
            x, y = anywhere[away.argmin()][:2].tolist()
            return Placed((x, y), extent, lines, None)
    return None


def _usual(box: Place, extent: tuple[int, int], picture: tuple[int, int]) -> list[Place]:
    """Return the places at a box, the best first; they are moved into the picture."""
    (x1, y1, x2, y2), (width, height) = box, extent
    starts = [
        (x1, y1 - height), (x2 - width, y1 - height), (x1, y2), (x2 - width, y2), (x1 - width, y1), (x2, y1),
        (x1, y1), (x1, y2 - height),
    ]  # fmt: skip
    farthest = max(0, picture[0] - width), max(0, picture[1] - height)
    corners = [(min(max(x, 0), farthest[0]), min(max(y, 0), farthest[1])) for x, y in starts]
    return [(x, y, x + width, y + height) for x, y in corners]


def _covers(place: Place, taken: Sequence[Place]) -> bool:
    """Say whether a place overlaps one of those that are taken."""
    left, top, right, bottom = place
    return any(left < x2 and right > x1 and top < y2 and bottom > y1 for x1, y1, x2, y2 in taken)


def _grid(extent: tuple[int, int], picture: tuple[int, int], size: int) -> Corners:
    """Return places [n, 4] all over the picture."""
    columns = np.arange(0, picture[0] - extent[0] + 1, size)
    rows = np.arange(0, picture[1] - extent[1] + 1, max(1, line_height(size) // 2))
    corners = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    return np.concatenate([corners, corners + extent], axis=1)


def _free(places: Corners, taken: Corners) -> NDArray[np.bool_]:
    """Return bool [n], whether places [n, 4] overlap none of those that are taken [m, 4]."""
    apart = ((places[:, None, :2] >= taken[:, 2:]) | (places[:, None, 2:] <= taken[:, :2])).any(axis=2)
    result: NDArray[np.bool_] = np.logical_and.reduce(apart, axis=1)
    return result


def draw_label(picture: Picture, placed: Placed, label: Label, size: int) -> None:
    """Write a label onto a picture.

    Args:
        picture: uint8 [H, W, 3], RGB; it is changed.
        placed: Where.
        label: What.
        size: Of the text in pixels.
    """
    (x, top), (width, _) = placed.corner, placed.size
    step = line_height(size)
    for place, (name, score, colour) in enumerate(label.lines[: placed.lines]):
        y = top + place * step
        right = digits(score, colour, size)[:, :width]
        left = piece(cut(name, width - right.shape[1], size), colour, size)[:, : width - right.shape[1]]
        between = width - left.shape[1] - right.shape[1]
        _paste(picture, left, x, y)
        _paste(picture, _paper(between, step, colour), x + left.shape[1], y)
        _paste(picture, right, x + width - right.shape[1], y)


def _paste(picture: Picture, pixels: Picture, x: int, y: int) -> None:
    """Copy pixels [h, w, 3] to a place; what is outside of the picture is left out."""
    spot = picture[y : y + pixels.shape[0], x : x + pixels.shape[1]]
    spot[:] = pixels[: spot.shape[0], : spot.shape[1]]
