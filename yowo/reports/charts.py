"""The charts of reports, drawn with matplotlib: each function returns a figure; no window is opened.

Colours are those of the palette on light screens. `yowo.reports.chart_output` writes a figure as a picture, or as
inline SVG whose colours follow the page.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.evaluation.average_precision import precision_recall
from yowo.evaluation.score_details import ClassRanking, VideoTubes
from yowo.reports.number_text import number
from yowo.reports.palette import LIGHT, SERIES

WIDTH = 8.0
"""Width of a chart in inches."""
INK, SOFT, LINE, BACKGROUND = LIGHT["ink"], LIGHT["soft"], LIGHT["line"], LIGHT["bg"]
MEAN, DOT = LIGHT["c4"], LIGHT["c4"]
PANELS_IN_A_ROW = 6
CURVE_POINTS = 120
LONGEST_TITLE = 21
SHOWN_TUBES = 6
TRUTH, OF_ITS_CLASS, OF_ANOTHER_CLASS = SERIES[0], SERIES[3], SERIES[4]
"""Colours of ground-truth tubes and of detected ones."""


def class_bars(series: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw AP by class as horizontal bars; a single series has its mean as a line.

    Args:
        series: AP by class of each series by its name, fractions 0..1; classes from top to bottom as in the first
            series. NaN, or a class that a series lacks, gets a dash.

    Returns:
        The figure.
    """
    classes = list(next(iter(series.values())))
    step = 0.8 / len(series)
    height = max(0.24, 0.15 * len(series) + 0.05)
    figure, axes = _figure(WIDTH, 1.1 + height * len(classes))
    rows = np.arange(len(classes))
    backing = {"facecolor": BACKGROUND, "edgecolor": "none", "pad": 0.6} if len(series) == 1 else None
    for place, values in enumerate(series.values()):
        percent = np.array([100 * values.get(name, math.nan) for name in classes])
        bars = rows - 0.4 + step * (place + 0.5)
        axes.barh(bars, np.nan_to_num(percent), height=0.92 * step, color=SERIES[place], zorder=2)
        for bar, value in zip(bars.tolist(), percent.tolist(), strict=True):
            place_of_text = 0.8 + (0 if math.isnan(value) else value)
            axes.text(
                place_of_text,
                bar,
                number(value, ".1f"),
                va="center",
                size=7.5,
                color=SOFT,
                bbox=backing,
                zorder=4,
                in_layout=False,
            )
    if len(series) > 1:
        _legend(figure, list(series))
    else:
        _mean_line(axes, list(next(iter(series.values())).values()))
    _rows(axes, classes)
    axes.set_xlim(0, 108)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("average precision, %", size=8.5, color=SOFT)
    axes.grid(axis="x", color=LINE)
    return figure


def error_bars(classes: Sequence[str], kinds: Sequence[str], counts: NDArray[np.int64]) -> Figure:
    """Draw one bar for each class, divided by kind in proportion, with its total to the right.

    Args:
        classes: Names of the C classes, from top to bottom.
        kinds: Names of the k kinds, from left to right.
        counts: int64 [C, k].

    Returns:
        The figure.
    """
    figure, axes = _figure(WIDTH, 0.9 + 0.24 * len(classes))
    rows, totals = np.arange(len(classes)), counts.sum(axis=1)
    share = 100 * counts / np.maximum(totals, 1)[:, None]
    left = np.cumsum(share, axis=1) - share
    for kind, name in enumerate(kinds):
        axes.barh(rows, share[:, kind], left=left[:, kind], height=0.7, color=SERIES[kind], label=name)
    for row, total in enumerate(totals.tolist()):
        axes.text(101, row, str(total), va="center", size=7.5, color=SOFT, in_layout=False)
    _legend(figure, kinds)
    _rows(axes, classes)
    axes.set_xlim(0, 108)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("share of the detections, %; their number to the right", size=8.5, color=SOFT)
    return figure


def recall_curves(rankings: Sequence[ClassRanking]) -> Figure:
    """Draw a small precision-recall curve for each class that has ground truth, in rows of panels.

    Args:
        rankings: One for each class.

    Returns:
        The figure; recall to the right and precision upwards, both 0..1.
    """
    shown = [ranking for ranking in rankings if ranking.num_truth]
    lines = max(1, math.ceil(len(shown) / PANELS_IN_A_ROW))
    width, gap, top, bottom = 1.45, 0.25, 0.32, 0.12
    figure = Figure(figsize=(PANELS_IN_A_ROW * (width + gap), lines * (width + top + bottom)))
    size_x, size_y = figure.get_size_inches().tolist()
    for place, ranking in enumerate(shown):
        line, column = divmod(place, PANELS_IN_A_ROW)
        x, y = column * (width + gap) + 0.18, (lines - 1 - line) * (width + top + bottom) + bottom
        axes = figure.add_axes((x / size_x, y / size_y, width / size_x, width / size_y))
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xticks=[], yticks=[])
        axes.spines[:].set_color(LINE)
        precision, recall = precision_recall(ranking.hits, ranking.num_truth)
        points = np.unique(np.linspace(0, max(len(recall) - 1, 0), CURVE_POINTS).astype(int))[: len(recall)]
        first = precision[:1]
        axes.plot(np.append(0 * first, recall[points]), np.append(first, precision[points]), color=SERIES[0], lw=1.5)
        name = ranking.name if len(ranking.name) <= LONGEST_TITLE else f"{ranking.name[: LONGEST_TITLE - 1]}…"
        axes.set_title(name, loc="left", size=8.5, color=INK, pad=4)
        axes.text(0.96, 0.05, f"{ranking.num_truth} boxes", ha="right", size=7, color=SOFT)
    return figure


def tube_bars(video: VideoTubes, classes: Sequence[str]) -> Figure:
    """Draw the tubes of a video as bars over its frames: ground truth above, the best detected ones below.

    Args:
        video: Its tubes; the labels of tubes are places in `classes`.
        classes: Names of the C classes.

    Returns:
        The figure.
    """
    wanted = {tube.label for tube in video.truth}
    rows: list[tuple[str, Tube, str]] = [
        (f"truth: {classes[tube.label]}, best IoU {overlap:.2f}", tube, TRUTH)
        for tube, overlap in zip(video.truth, video.overlaps, strict=True)
    ]
    for tube in video.found[:SHOWN_TUBES]:
        colour = OF_ITS_CLASS if tube.label in wanted else OF_ANOTHER_CLASS
        rows.append((f"{classes[tube.label]} {tube.score:.2f}", tube, colour))
    figure, axes = _figure(WIDTH, 0.5 + 0.2 * len(rows))
    for place, (_, tube, colour) in enumerate(rows):
        axes.barh(place, len(tube.boxes), left=tube.start, height=0.7, color=colour, zorder=2)
        axes.axhline(place, color=LINE, linewidth=0.8, zorder=1)
    _rows(axes, [words for words, _, _ in rows])
    axes.set_xlim(0, max(video.num_frames, 1))
    axes.set_xticks([0, video.num_frames], ["1", f"frame {video.num_frames}"])
    axes.get_xticklabels()[-1].set_horizontalalignment("right")
    return figure


def run_bars(labels: Sequence[str], results: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Draw results of many runs, a panel for each result: bar and line are mean and standard deviation, dots are runs.

    Args:
        labels: Names of the n groups of runs, from top to bottom.
        results: By the name of a result, for each of the n groups the values of its runs, percent.

    Returns:
        The figure.
    """
    panels = max(len(results), 1)
    figure = Figure(figsize=(4.2 * panels + 2.5, 1.2 + 0.42 * len(labels)), layout="constrained")
    places = np.arange(len(labels))
    for axes, (name, groups) in zip(figure.subplots(1, panels, squeeze=False)[0], results.items(), strict=False):
        means = [float(np.mean(values)) if len(values) else 0.0 for values in groups]
        spreads = [float(np.std(values, ddof=1)) if len(values) > 1 else 0.0 for values in groups]
        axes.barh(places, means, height=0.66, color=SERIES[0], xerr=spreads, ecolor=INK)
        for place, values in enumerate(groups):
            axes.plot(values, np.full(len(values), place), "o", markersize=3.5, color=DOT, zorder=4)
        axes.set_title(f"{name}, %", loc="left", size=10, color=INK)
        axes.grid(axis="x", color=LINE)
        _rows(axes, labels if axes.get_subplotspec().is_first_col() else [""] * len(labels))
    figure.supxlabel("bar: mean, line: standard deviation, dots: runs", size=8, color=SOFT)
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a chart of horizontal bars, the first on top, and take away what is not needed."""
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    axes.tick_params(axis="x", labelcolor=SOFT)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    handles = [bars[0] for bars in figure.axes[0].containers]
    figure.legend(
        handles, names, loc="outside upper left", ncols=len(names), frameon=False, fontsize=8.5, labelcolor=INK
    )


def _mean_line(axes: Axes, values: Sequence[float]) -> None:
    known = [value for value in values if not math.isnan(value)]
    if known:
        mean = 100 * sum(known) / len(known)
        axes.axvline(mean, color=MEAN, linewidth=1.2, linestyle="--", zorder=3)
        axes.set_title(f"mean {mean:.1f} %", loc="right", size=10, color=MEAN)
    axes.set_title("AP by class", loc="left", size=11, color=INK)
