"""Colours of classes and people that can be told apart: as far from each other as they can be for an eye."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Floats = NDArray[np.float64]

NEUTRAL: Colour = (176, 178, 184)
"""Colour of what belongs to nobody in particular."""
INKS: tuple[Colour, Colour] = (16, 16, 20), (255, 255, 255)
"""Colours of text on bright and on dark colours."""
COUNT = 128
"""Colours that there are; after them they begin anew."""
PEOPLE = 20
"""Colours of people: there is no end to their numbers, but few are seen together."""
STEPS = 18
"""Values of red, of green and of blue that colours are chosen from."""
LIGHTNESS, LEAST_CHROMA = (0.5, 0.95), 0.05
"""In OKLab. Darker lines are lost on videos, and greys are for what is neutral."""
FIRST = (255, 128, 32)
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
"""Both of https://bottosson.github.io/posts/oklab."""


def class_colour(label: int) -> Colour:
    """Return the colour of a class, (red, green, blue) of 0..255; those of the first n classes differ most."""
    return _chosen()[label % COUNT]


def identity_colour(number: int) -> Colour:
    """Return the colour of a tube or a person, (red, green, blue) of 0..255, by its number from 1; they repeat."""
    return _chosen()[(number - 1) % PEOPLE]


def ink_on(colour: Colour) -> Colour:
    """Return the colour of text that is legible on a colour.

    Examples:
        >>> ink_on((255, 255, 0)), ink_on((0, 0, 160))
        ((16, 16, 20), (255, 255, 255))
    """
    dark, bright = INKS
    return dark if _luminance(np.array(colour)) > 0.179 else bright  # where both contrasts of WCAG are equal


def oklab(colours: NDArray[np.uint8]) -> Floats:
    """Convert colours to OKLab, in which distances are about as large as they look.

    Args:
        colours: uint8 [n, 3], sRGB.

    Returns:
        float64 [n, 3]: lightness 0..1, green to red, blue to yellow.
    """
    result: Floats = np.cbrt(_linear(colours) @ TO_CONES.T) @ TO_OKLAB.T
    return result


@lru_cache
def _chosen() -> tuple[Colour, ...]:
    """Choose `COUNT` colours one by one, each the one that is farthest from all chosen before."""
    values = np.linspace(0, 255, STEPS).round().astype(np.uint8)
    every = np.stack(np.meshgrid(values, values, values, indexing="ij"), axis=-1).reshape(-1, 3)
    places = oklab(every)
    bright = (places[:, 0] >= LIGHTNESS[0]) & (places[:, 0] <= LIGHTNESS[1])
    usable = bright & (np.hypot(places[:, 1], places[:, 2]) >= LEAST_CHROMA)
    every, places = every[usable], places[usable]
    colours = [np.array(FIRST)]
    nearest = np.linalg.norm(places - oklab(np.array([FIRST], np.uint8)), axis=1)
    while len(colours) < COUNT:
        best = int(nearest.argmax())
        colours.append(every[best])
        nearest = np.minimum(nearest, np.linalg.norm(places - places[best], axis=1))
    return tuple((int(red), int(green), int(blue)) for red, green, blue in colours)


def _linear(colours: NDArray[np.generic]) -> Floats:
    """Undo the transfer function of sRGB: 0..255 to light 0..1."""
    share = np.asarray(colours, np.float64) / 255
    light: Floats = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return light


def _luminance(colour: NDArray[np.generic]) -> float:
    return float(_linear(colour) @ np.array([0.2126, 0.7152, 0.0722]))
