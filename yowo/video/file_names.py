"""Names of files as people compare them: one spelling of accents, numbers in their own order."""

import re
import unicodedata

DIGITS = re.compile(r"(\d+)")


def spelled(name: str) -> str:
    r"""Return a name in one spelling (Unicode NFC): macOS stores letters and accents apart, other systems together.

    Examples:
        >>> spelled("cafe\u0301") == "caf\u00e9"
        True
    """
    return unicodedata.normalize("NFC", name)


def natural_key(name: str) -> tuple[str | int, ...]:
    """Return the key that sorts names as file managers do: numbers by value, letters without case.

    Examples:
        >>> sorted(["img_10", "IMG_9", "img_010b"], key=natural_key)
        ['IMG_9', 'img_10', 'img_010b']
    """
    parts = DIGITS.split(spelled(name).casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts))


def last_number(name: str) -> int | None:
    """Return the last number in a name; None without one.

    Examples:
        >>> last_number("clip2_frame_0012"), last_number("cover")
        (12, None)
    """
    numbers = DIGITS.findall(name)
    return int(numbers[-1]) if numbers else None


def without_ending(name: str, endings: tuple[str, ...]) -> str:
    """Return a name without its ending if it is one of `endings`, which are in small letters.

    Examples:
        >>> without_ending("a/film.v2.MP4", (".mp4",)), without_ending("film.v2", (".mp4",))
        ('a/film.v2', 'film.v2')
    """
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in endings else name
