"""Accuracy against the time of a frame, for runs whose detection was timed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from yowo.reports.palette import LIGHT, SERIES

INK, SOFT, LINE = LIGHT["ink"], LIGHT["soft"], LIGHT["line"]


def speed_chart(
    labels: Sequence[str], times: Sequence[Sequence[float]], results: Mapping[str, Sequence[Sequence[float]]]
) -> Figure:
    """Draw a panel for each result, time to the right and accuracy upwards: crosses are standard deviations, dots runs.

    Args:
        labels: Names of the n groups of runs.
        times: For each group the times of its runs, milliseconds of CPU time a frame; a group without any is left out.
        results: By the name of a result, for each group the values of its runs, percent.

    Returns:
        The figure.
    """
    panels = max(len(results), 1)
    figure = Figure(figsize=(4.6 * panels, 4.0), layout="constrained")
    for axes, (name, groups) in zip(figure.subplots(1, panels, squeeze=False)[0], results.items(), strict=False):
        for place, (label, each, values) in enumerate(zip(labels, times, groups, strict=True)):
            if not each or not values:
                continue
            colour, x, y = SERIES[place % len(SERIES)], float(np.mean(each)), float(np.mean(values))
            axes.errorbar(x, y, xerr=_spread(each), yerr=_spread(values), fmt="o", markersize=7, color=colour)
            if len(each) == len(values):
                axes.plot(each, values, "o", markersize=3, color=colour, alpha=0.6)
            axes.annotate(label, (x, y), (7, 7), textcoords="offset points", size=8.5, color=INK)
        axes.set_title(f"{name}, %", loc="left", size=10, color=INK)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.margins(0.25)
        axes.grid(color=LINE)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(LINE)
        axes.tick_params(length=0, labelsize=8.5, labelcolor=SOFT)
    figure.supxlabel(
        "CPU milliseconds a frame; large dots: means, lines: standard deviations, small dots: runs", size=8, color=SOFT
    )
    return figure


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
