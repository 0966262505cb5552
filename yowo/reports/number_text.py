"""Numbers as people read them: percent with two decimals, and a dash for what is not known."""

import math

ABSENT = "–"


def number(value: float | None, how: str) -> str:
    """Return a number as text; a dash for None and NaN.

    Args:
        value: The number.
        how: A format specification, such as ".1f".

    >>> number(2.5, ".1f"), number(None, ".1f")
    ('2.5', '–')
    """
    return ABSENT if value is None or math.isnan(value) else format(value, how)


def percent(fraction: float | None) -> str:
    """Return a fraction 0..1 in percent with two decimals; a dash for None and NaN.

    >>> percent(0.25), percent(float("nan"))
    ('25.00', '–')
    """
    return number(None if fraction is None else 100 * fraction, ".2f")
