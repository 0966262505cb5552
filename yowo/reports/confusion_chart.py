"""The confusion of classes as a chart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from yowo.reports.palette import LIGHT, SERIES

MISSED = "missed"
NUMBERS_UP_TO = 30
"""Classes; beyond them cells are too small for numbers."""
DARK = 55
"""Percent. Numbers on darker cells are white."""
SHADES = LinearSegmentedColormap.from_list("yowo", [LIGHT["bg"], SERIES[0]])


def confusion_chart(classes: Sequence[str], counts: NDArray[np.int64]) -> Figure:
    """Draw which classes are taken for which: a row for each true class, a column for what was seen in its boxes.

    Args:
        classes: Names of the C classes.
        counts: int64 [C, C + 1]; the last column are true boxes that were missed.

    Returns:
        The figure; cells show percent of their row, and the number of boxes of a row stands at its right.
    """
    totals = counts.sum(axis=1)
    share = 100 * counts / np.maximum(totals, 1)[:, None]
    side = max(3.2, 0.36 * len(classes))
    figure = Figure(figsize=(side + 2.6, side + 1.2), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap=SHADES, vmin=0, vmax=100, aspect="auto")
    if len(classes) <= NUMBERS_UP_TO:
        for row, column in np.argwhere(share >= 0.5).tolist():
            value = float(share[row, column])
            colour = LIGHT["bg"] if value > DARK else LIGHT["ink"]
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", size=7, color=colour)
    for row, total in enumerate(totals.tolist()):
        axes.text(len(classes) + 0.7, row, str(total), va="center", size=7.5, color=LIGHT["soft"])
    axes.axvline(len(classes) - 0.5, color=LIGHT["soft"], linewidth=1)
    names = [*classes, MISSED]
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), classes)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=LIGHT["ink"])
    axes.spines[:].set_visible(False)
    axes.set_ylabel("true class", size=8.5, color=LIGHT["soft"])
    axes.set_xlabel("% of the true boxes of a row; their number to the right", size=8.5, color=LIGHT["soft"])
    return figure
