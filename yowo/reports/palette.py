"""The colours of pages and charts: each has a name and a value for light and for dark screens."""

PALETTE = {
    "bg": ("#ffffff", "#14171a"),
    "ink": ("#1c2024", "#e8eaed"),
    "soft": ("#667085", "#9aa4b2"),
    "line": ("#e4e7ec", "#2c3238"),
    "panel": ("#f8f9fb", "#1b1f24"),
    "c0": ("#3366cc", "#7aa2f7"),
    "c1": ("#e07b00", "#ffa94d"),
    "c2": ("#8d4bbb", "#c792ea"),
    "c3": ("#12908e", "#4fd1c5"),
    "c4": ("#c43a4b", "#ff7b89"),
    "c5": ("#6b7280", "#8a93a3"),
}
"""Name: value on light, value on dark screens. Values of a column differ, so that each tells its name."""
LIGHT = {name: light for name, (light, _) in PALETTE.items()}
SERIES = tuple(LIGHT[name] for name in ("c0", "c1", "c2", "c3", "c4", "c5"))
"""Colours of the series of a chart, on light screens."""


def style_variables() -> str:
    """Return the CSS rules that define `--<name>` for light screens, and for dark ones where the reader prefers those.

    >>> style_variables()[:39]
    ':root{--bg:#ffffff;--ink:#1c2024;--soft'
    """
    light, dark = (";".join(f"--{name}:{values[column]}" for name, values in PALETTE.items()) for column in (0, 1))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
