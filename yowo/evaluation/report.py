"""Results for people and programs: the table and the picture of AP by class, and metrics.json."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.table import Table

from yowo.errors import YowoError
from yowo.evaluation.whole_file import whole_file

ABSENT = "–"
INK, MUTED, BAR, MEAN = "#222222", "#8a8a8a", "#4c78a8", "#d1495b"


def class_table(scores: Mapping[str, float], published: Mapping[str, float] | None = None) -> Table:
    """Make the table of AP by class, in percent, with the mean in its last row.

    Args:
        scores: AP by class, fractions 0..1, in the order of the rows; NaN for a class without ground truth, which is
            left out of the mean.
        published: Figures to compare with by class, fractions 0..1 too; classes that are not in it show none. Their
            mean is over the classes that both have, so that the difference compares like with like.

    Returns:
        The table, for a rich console.

    Raises:
        YowoError: A figure is above 1, so a percentage.
    """
    for name, value in [*scores.items(), *(published or {}).items()]:
        if value > 1:
            raise YowoError(f"AP of {name}: expected a fraction 0..1, got {value:g}: divide percentages by 100")
    table = Table(show_footer=True, header_style="bold", footer_style="bold", caption_justify="left")
    notes = []
    if any(math.isnan(value) for value in scores.values()):
        notes.append(f"{ABSENT} the class has no ground truth and is left out of the mean")
    mean = _mean(list(scores.values()))
    table.add_column("class", footer="mean")
    table.add_column("AP %", justify="right", footer=_percent(mean))
    if published is None:
        for name, value in scores.items():
            table.add_row(name, _percent(value))
    else:
        shared = [name for name in scores if name in published and not math.isnan(scores[name])]
        known, ours = (_mean([source[name] for name in shared]) for source in (published, scores))
        table.add_column("published %", justify="right", footer=_percent(known))
        table.add_column("difference", justify="right", footer=_difference(ours, known))
        for name, value in scores.items():
            other = published.get(name, math.nan)
            table.add_row(name, _percent(value), _percent(other), _difference(value, other))
        if len(shared) < len(scores):
            notes.append("published mean and difference: over the classes that both have")
    table.caption = "\n".join(notes) or None
    return table


def write_metrics(path: Path | str, metrics: Mapping[str, Any]) -> None:
    """Write metrics.json; it appears when it is complete.

    Args:
        path: The file; folders above it are made.
        metrics: Results by name, fractions 0..1, such as {"protocol": "ucf24", "frame_map": {"0.5": x}, "frame_ap":
            {"0.5": {class: x}}}. NaN becomes null; scalars of numpy and torch become plain numbers.

    Raises:
        YowoError: A value is infinite or cannot stand in JSON, or the file cannot be written.
    """
    text = json.dumps(_plain(metrics, ""), indent=1, ensure_ascii=False) + "\n"
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


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


def _percent(value: float) -> str:
    return ABSENT if math.isnan(value) else f"{100 * value:.2f}"


def _difference(ours: float, other: float) -> str:
    return "" if math.isnan(ours - other) else f"{100 * (ours - other):+.2f}"


def _plain(value: Any, where: str) -> Any:
    """Turn a value into what JSON holds; `where` is its key, for errors."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), where)
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{row}]") for row, item in enumerate(value)]
    if isinstance(value, float):
        if math.isinf(value):
            raise YowoError(f"metrics: {where}: expected a number, got {value}")
        return None if math.isnan(value) else value
    if value is None or isinstance(value, (str, int)):
        return value
    raise YowoError(f"metrics: {where}: expected numbers, text, lists and dicts, got {type(value).__name__}")
