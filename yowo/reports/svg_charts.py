"""Charts as inline SVG, for pages that need nothing from anywhere: bars, curves, stacked bars, tubes over time."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

COLOURS = ("var(--c0)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)")
LABEL, BAR, ROW = 150, 420, 20
"""Width of labels and of bars, and height of a row, in pixels."""


def grouped_bars(names: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], most: float = 100.0) -> str:
    """Draw horizontal bars, one group a name.

    Args:
        names: Of the groups.
        series: Name and values of each series, percent; NaN draws a dash.
        most: Value at the right end.
    """
    height = max(ROW, 11 * len(series) + 6)
    parts = [_legend([name for name, _ in series])]
    top = 26
    for place, name in enumerate(names):
        y = top + place * height
        parts.append(_text(LABEL - 6, y + height / 2 + 4, name, "end"))
        for index, (label, values) in enumerate(series):
            value = float(values[place])
            bar_y = y + 2 + index * 11
            shown = "–" if np.isnan(value) else f"{value:.1f}"
            width = 0.0 if np.isnan(value) else max(0.0, min(value, most)) / most * BAR
            parts.append(_rect(LABEL, bar_y, width, 9, COLOURS[index], f"{name}, {label}: {shown} %"))
            parts.append(_text(LABEL + width + 4, bar_y + 8, shown, "start", "small"))
    return _svg(LABEL + BAR + 50, top + len(names) * height + 4, parts, "bars by class")


def stacked_bars(names: Sequence[str], kinds: Sequence[str], counts: NDArray[np.int64]) -> str:
    """Draw one bar a name, parted by kind in proportion; counts stand in the titles of the parts.

    Args:
        names: Of the rows.
        kinds: Of the parts.
        counts: int64 [rows, kinds].
    """
    parts, top = [_legend(kinds)], 26
    for place, name in enumerate(names):
        y, x, total = top + place * ROW, float(LABEL), max(int(counts[place].sum()), 1)
        parts.append(_text(LABEL - 6, y + 13, name, "end"))
        for index, kind in enumerate(kinds):
            width = counts[place, index] / total * BAR
            title = f"{name}: {kind} {counts[place, index]} of {counts[place].sum()}"
            parts.append(_rect(x, y + 3, width, ROW - 6, COLOURS[index], title))
            x += width
        parts.append(_text(LABEL + BAR + 6, y + 13, str(int(counts[place].sum())), "start", "small"))
    return _svg(LABEL + BAR + 60, top + len(names) * ROW + 4, parts, "kinds by class")


def curve(name: str, recall: NDArray[np.float64], precision: NDArray[np.float64], note: str) -> str:
    """Draw one small precision-recall curve, both axes 0..1."""
    size, left, top = 120, 22, 20
    begin = float(precision[0]) if len(precision) else 0.0
    points = [(0.0, begin), *zip(recall.tolist(), precision.tolist(), strict=True)]
    path = " ".join(f"{left + size * x:.1f},{top + size * (1 - y):.1f}" for x, y in points)
    parts = [
        f'<rect class="frame" x="{left}" y="{top}" width="{size}" height="{size}"/>',
        f'<polyline class="curve" points="{path}"><title>{escape(name)}: {escape(note)}</title></polyline>',
        _text(left, 12, name, "start", "title"),
        _text(left + size - 4, top + size - 6, note, "end", "small"),
        _text(left - 3, top + 9, "1", "end", "small"),
        _text(left - 3, top + size, "0", "end", "small"),
        _text(left + size, top + size + 11, "1", "end", "small"),
    ]
    return _svg(left + size + 6, top + size + 14, parts, f"precision and recall of {name}", "panel")


def timeline(length: int, rows: Sequence[tuple[str, int, int, int, str]]) -> str:
    """Draw tubes as bars along the frames of a video.

    Args:
        length: Frames of the video.
        rows: Name, first frame, frame after the last, colour and title of each tube, from top to bottom.
    """
    parts = []
    for place, (name, start, stop, colour, title) in enumerate(rows):
        y = 4 + place * 16
        parts.append(_text(LABEL - 6, y + 10, name, "end", "small"))
        parts.append(f'<line class="frame" x1="{LABEL}" x2="{LABEL + BAR}" y1="{y + 6}" y2="{y + 6}"/>')
        left, right = (LABEL + BAR * frame / max(length, 1) for frame in (start, min(stop, length)))
        parts.append(_rect(left, y, max(right - left, 1.5), 12, COLOURS[colour], title))
    y = 4 + len(rows) * 16
    parts.append(_text(LABEL, y + 10, "1", "start", "small"))
    parts.append(_text(LABEL + BAR, y + 10, f"frame {length}", "end", "small"))
    return _svg(LABEL + BAR + 10, y + 16, parts, "tubes over time")


def _legend(names: Sequence[str]) -> str:
    parts, x = [], float(LABEL)
    for index, name in enumerate(names):
        parts.append(_rect(x, 6, 10, 10, COLOURS[index], name))
        parts.append(_text(x + 14, 15, name, "start", "small"))
        x += 26 + 6.2 * len(name)
    return "".join(parts)


def _rect(x: float, y: float, width: float, height: float, colour: str, title: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" style="fill:{colour}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], label: str, kind: str = "chart") -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
