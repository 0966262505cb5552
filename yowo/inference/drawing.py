"""Pictures for people: boxes on frames, ground truth and detections together, contact sheets."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from yowo.contracts import Detections, Target, Tube
from yowo.inference.colours import Colour, class_colour, identity_colour, ink_on

Picture = NDArray[np.uint8]
READABLE_SIDE = 360
"""Pixels. Smaller pictures are enlarged by a whole factor until their short side is about this long."""
TRUTH_COLOUR = (255, 255, 255)
TRAIL = 24
"""Frames over which the way of a tube's centre is drawn."""
TOP_ACTIONS = 3
"""Number of labels shown for a person who does several things."""
PAPER, INK = (24, 26, 30), (228, 230, 234)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def enlarged(frame: Picture, scale: int | None = None) -> Image.Image:
    """Return a frame as an image, small ones enlarged by a whole factor.

    Args:
        frame: uint8 [H, W, 3], RGB.
        scale: The factor; None chooses one.
    """
    image = Image.fromarray(np.ascontiguousarray(frame))
    factor = scale or max(1, round(READABLE_SIDE / min(image.size)))
    return (
        image if factor == 1 else image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC)
    )


def draw_boxes(
    frame: Picture,
    boxes: Tensor,
    labels: Tensor,
    names: Sequence[str],
    scores: Tensor | None = None,
    scale: int | None = None,
    tracks: Sequence[int | None] = (),
) -> Picture:
    """Draw labelled boxes.

    Args:
        frame: uint8 [H, W, 3], RGB; not changed.
        boxes: float [N, 4], 0..1.
        labels: int [N], or float [N, C] scores where a person does several things: the classes with the highest ones
            are named.
        names: Names of the C classes.
        scores: float [N] or [N, C], shown after the names; None shows none.
        scale: Factor of enlargement; None chooses one by the frame's size.
        tracks: Numbers of the N boxes' tracks, shown before the names; None for a box without one. Empty shows none.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    image = enlarged(frame, scale)
    draw = ImageDraw.Draw(image)
    numbers = tracks or [None] * len(boxes)
    for box, (text, label), track in zip(_pixels(boxes, image), _captions(labels, names, scores), numbers, strict=True):
        colour = class_colour(label)
        draw.rectangle(box, outline=colour, width=_line(image))
        _tag(draw, image, text if track is None else f"{track}: {text}", (box[0], box[1]), colour)
    return np.asarray(image)


def draw_truth_and_detections(
    frame: Picture, truth: Target, found: Detections, names: Sequence[str], scale: int | None = None
) -> Picture:
    """Draw ground truth boxes, white and dashed with their names below, and detections in the colours of their classes.

    Args:
        frame: uint8 [H, W, 3], RGB; not changed.
        truth: `boxes` float [N, 4], 0..1, and `labels` int [N] or float [N, C].
        found: Detections of the frame, see `Detections`.
        names: Names of the C classes.
        scale: Factor of enlargement; None chooses one.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    image = enlarged(frame, scale)
    draw = ImageDraw.Draw(image)
    boxes = _pixels(truth["boxes"], image)
    for box, (text, _) in zip(boxes, _captions(truth["labels"], names, None), strict=True):
        _dashed(draw, box, TRUTH_COLOUR, _line(image))
        _tag(draw, image, text, (box[0], box[3] + _text_size(image) + 6), TRUTH_COLOUR)
    labels = found["labels"] if "labels" in found else found["scores"]
    return draw_boxes(np.asarray(image), found["boxes"], labels, names, found["scores"], scale=1)


def draw_tubes(
    frame: Picture, tubes: Sequence[Tube], position: int, names: Sequence[str], scale: int | None = None
) -> Picture:
    """Draw the tubes that a frame is part of: box, number and action in the tube's colour, and the way of its centre.

    Args:
        frame: uint8 [H, W, 3], RGB; not changed.
        tubes: Boxes in pixels of the frame. A tube's number is its place in the sequence, from 1.
        position: Of the frame in the video, counted from 0.
        names: Names of the classes.
        scale: Factor of enlargement; None chooses one by the frame's size.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    image = enlarged(frame, scale)
    draw = ImageDraw.Draw(image)
    factor = image.width / frame.shape[1]
    for number, tube in enumerate(tubes, start=1):
        row = position - tube.start
        if not 0 <= row < len(tube.boxes):
            continue
        colour = identity_colour(number)
        boxes = np.asarray(tube.boxes, np.float64)[max(0, row - TRAIL) : row + 1] * factor
        centres = [((a + c) / 2, (b + d) / 2) for a, b, c, d in boxes.tolist()]
        if len(centres) > 1:
            draw.line(centres, (16, 16, 20), _line(image) + 2, joint="curve")
            draw.line(centres, colour, _line(image), joint="curve")
        x1, y1, x2, y2 = boxes[-1].clip(0, [image.width - 1, image.height - 1] * 2).tolist()
        draw.rectangle((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), outline=colour, width=_line(image))
        _tag(draw, image, f"{number} {names[tube.label]}", (x1, y1), colour)
    return np.asarray(image)


def tube_legend(width: int, size: int) -> Picture:
    """Return a strip that explains what `draw_tubes` draws.

    Args:
        width: Of the strip in pixels.
        size: Of the text in pixels; it is smaller where the strip is too narrow.

    Returns:
        uint8 [H, width, 3], RGB.
    """
    words = "box: one tube, its number and action     line: the way it came"
    while size > 8 and _font(size).getlength(words) + 3 * size > width:
        size -= 1
    strip = Image.new("RGB", (width, 2 * size), PAPER)
    draw = ImageDraw.Draw(strip)
    draw.rectangle((size // 2, size // 2, size // 2 + size, size // 2 + size), outline=identity_colour(1), width=2)
    draw.text((2 * size, size // 3), words, INK, _font(size))
    return np.asarray(strip)


def contact_sheet(pictures: Sequence[Picture], captions: Sequence[str], columns: int) -> Picture:
    """Lay pictures out in rows, each above its caption.

    Args:
        pictures: uint8 [H, W, 3] each, RGB; the largest sets the size of the cells.
        captions: One per picture.
        columns: Pictures per row.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    columns = max(1, min(columns, len(pictures)))
    height, width = (max((p.shape[i] for p in pictures), default=1) for i in (0, 1))
    text, margin = max(12, height // 22), max(6, height // 40)
    cell = (width + margin, height + margin + text + text // 2)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (cell[0] * columns + margin, cell[1] * rows + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = margin + place % columns * cell[0], margin + place // columns * cell[1]
        sheet.paste(Image.fromarray(np.ascontiguousarray(picture)), (x, y))
        draw.text((x, y + picture.shape[0] + text // 4), caption, INK, _font(text))
    return np.asarray(sheet)


def save_picture(path: str | Path, picture: Picture) -> None:
    """Write a picture; it appears under its name when it is complete. A missing folder is made.

    Args:
        path: The file to write; its ending names the format.
        picture: uint8 [H, W, 3], RGB.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    Image.fromarray(np.ascontiguousarray(picture)).save(unfinished)
    unfinished.replace(path)


def _pixels(boxes: Tensor, image: Image.Image) -> list[tuple[float, float, float, float]]:
    """Scale boxes, float [N, 4], 0..1, to the pixels of an image: (x1, y1, x2, y2) inside it, never inverted."""
    sides = boxes.detach().float().cpu().clamp(0, 1).numpy() * np.array([image.width - 1, image.height - 1] * 2)
    return [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in sides.tolist()]


def _captions(labels: Tensor, names: Sequence[str], scores: Tensor | None) -> list[tuple[str, int]]:
    """Return text and class of each box; if there are several actions, those with the highest scores, one per line."""
    captions = []
    for row, label in enumerate(labels.detach().cpu()):
        if label.ndim == 0:
            shown, value = [int(label)], None if scores is None else float(scores[row])
            captions.append((_words(names[shown[0]], value), shown[0]))
            continue
        order = [int(i) for i in label.argsort(descending=True)[:TOP_ACTIONS] if label[i] > 0]
        lines = [_words(names[i], None if scores is None else float(scores[row, i])) for i in order]
        captions.append(("\n".join(lines), order[0] if order else 0))
    return captions


def _words(name: str, score: float | None) -> str:
    return name if score is None else f"{name} {score:.2f}"


def _line(image: Image.Image) -> int:
    return max(2, min(image.size) // 180)


def _text_size(image: Image.Image) -> int:
    return max(11, min(image.size) // 26)


def _tag(draw: ImageDraw.ImageDraw, image: Image.Image, text: str, corner: tuple[float, float], colour: Colour) -> None:
    """Write dark text on a filled tag above a corner (x, y), moved so that it stays inside the picture."""
    font = _font(_text_size(image))
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(0, corner[0]), max(0, image.width - width))
    y = corner[1] - height
    y = min(y if y >= 0 else corner[1], image.height - height)
    draw.rectangle((x, y, x + width, y + height), fill=colour)
    draw.multiline_text((x + 3 - left, y + 3 - top), text, ink_on(colour), font)


def _dashed(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: Colour, width: int) -> None:
    """Draw the outline of a box (x1, y1, x2, y2), in pixels, in dashes."""
    x1, y1, x2, y2 = box
    dash = 4 * width
    for start in np.arange(x1, x2, 2 * dash):
        for y in (y1, y2):
            draw.line((start, y, min(start + dash, x2), y), colour, width)
    for start in np.arange(y1, y2, 2 * dash):
        for x in (x1, x2):
            draw.line((x, start, x, min(start + dash, y2)), colour, width)
