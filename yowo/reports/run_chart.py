"""A picture of many runs: one bar a setting, its spread, and a dot a run."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from yowo.reports.run_table import RunTable
from yowo.whole_file import whole_file

MOST_PANELS = 2


def plot_runs(table: RunTable, path: Path | str) -> None:
    """Draw the first results of a table as horizontal bars; no window is opened.

    Args:
        table: The runs.
        path: Picture to write.

    Raises:
        YowoError: It cannot be written.
    """
    names = table.names[:MOST_PANELS]
    labels = [", ".join(row.settings) or "all runs" for row in table.rows]
    size = (4.2 * max(len(names), 1) + 2.5, 1.2 + 0.42 * len(labels))
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, max(len(names), 1), sharey=True, squeeze=False)[0]
    places = np.arange(len(labels))
    for panel, name in zip(panels, names, strict=False):
        means = np.array([row.mean(name) for row in table.rows])
        spreads = np.array([row.spread(name) for row in table.rows])
        panel.barh(
            places, np.nan_to_num(means), height=0.66, color="#4c78a8", xerr=np.nan_to_num(spreads), ecolor="#222222"
        )
        for place, row in enumerate(table.rows):
            values = row.values(name)
            panel.plot(values, np.full(len(values), place), "o", markersize=3.5, color="#d1495b", zorder=4)
        panel.set_title(f"{name}, %", loc="left", size=10)
        panel.grid(axis="x", color="#e6e6e6")
        panel.set_axisbelow(True)
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.tick_params(length=0, labelsize=9)
    panels[0].set_yticks(places, labels)
    panels[0].invert_yaxis()
    figure.supxlabel("bar: mean, line: standard deviation, dots: runs", size=8, color="#8a8a8a")
    with whole_file(Path(path)) as unfinished:
        figure.savefig(unfinished, dpi=130)
