"""The augmentation picture by picture, with PIL and colorsys, as the released pipeline does it."""

import colorsys

import numpy as np
from PIL import Image


def crop_resize_flip(frame, crop, size, mirrored):
    """uint8 [h, w, 3] to uint8 [H, W, 3]; crop as left, top, width, height or None."""
    image = Image.fromarray(frame)
    if crop is not None:
        left, top, width, height = crop
        image = image.crop((left, top, left + width - 1, top + height - 1))
    image = image.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image)


def colour(picture, hue, saturation, exposure):
    """float [3] pixels of [3, H, W], 0..1, one by one."""
    out = np.zeros_like(picture)
    for y in range(picture.shape[1]):
        for x in range(picture.shape[2]):
            h, s, v = colorsys.rgb_to_hsv(*picture[:, y, x])
            out[:, y, x] = colorsys.hsv_to_rgb((h + hue) % 1, min(1, s * saturation), min(1, v * exposure))
    return out


def move_box(box, crop, size, mirrored):
    """x1 y1 x2 y2 in fractions of the source to fractions of the result, None when it is gone."""
    (x1, y1, x2, y2), (width, height) = box, size
    if crop is not None:
        left, top, cw, ch = crop
        x1, x2 = (min(0.999, max(0.0, x * width / cw - left / cw)) for x in (x1, x2))
        y1, y2 = (min(0.999, max(0.0, y * height / ch - top / ch)) for y in (y1, y2))
        if (x2 - x1) * width < 1 or (y2 - y1) * height < 1:
            return None
    return (1 - x2, y1, 1 - x1, y2) if mirrored else (x1, y1, x2, y2)
