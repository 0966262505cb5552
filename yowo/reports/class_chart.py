"""The picture of AP by class."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from yowo.errors import YowoError
from yowo.whole_file import whole_file

INK, MUTED, BAR, MEAN = "#222222", "#8a8a8a", "#4c78a8", "#d1495b"


def plot_class_ap(scores: Mapping[str, float], path: Path | str) -> None:
    """Draw AP by class as bars, with the mean as a line; no window is opened.

    Args:
        scores: AP by class, fractions 0..1, from top to bottom; NaN for a class without ground truth.
        path: Picture to write; its ending (.png, .svg, .pdf) is the format.

    Raises:
        YowoError: The format is not known, or the file cannot be written.
    """
    percent = np.array(list(scores.values()), dtype=np.float64) * 100
    figure = Figure(figsize=(7.5, 1.3 + 0.27 * len(percent)), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in canvas.get_supported_filetypes():
        raise YowoError(f"{path}: expected a picture's name that ends in .png, .svg or .pdf")
    axes = figure.add_subplot()
    rows = np.arange(len(percent))
    axes.barh(rows, np.nan_to_num(percent), height=0.72, color=BAR)
    for row, value in enumerate(percent.tolist()):
        known = not math.isnan(value)
        words = f"{value:.1f}" if known else "no ground truth"
        place, colour = (value + 0.8, INK) if known else (0.8, MUTED)
        backing = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.text(place, row, words, va="center", size=8, color=colour, bbox=backing, zorder=4)
    mean = _mean(list(scores.values())) * 100
    if not math.isnan(mean):
        axes.axvline(mean, color=MEAN, linewidth=1.2, linestyle="--", zorder=3)
        axes.set_title(f"mean {mean:.1f} %", loc="right", size=10, color=MEAN)
    axes.set_title("AP by class", loc="left", size=11, color=INK)
    axes.set_yticks(rows, list(scores))
    axes.set_ylim(len(percent) - 0.4, -0.6)
    axes.set_xlim(0, 108)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("average precision, %", size=9)
    axes.grid(axis="x", color="#e6e6e6")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=9)
    with whole_file(Path(path)) as unfinished:
        figure.savefig(unfinished, dpi=130)


def _mean(values: Sequence[float]) -> float:
    """Return the mean of those that are not NaN; NaN if none is left."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
