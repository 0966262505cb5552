"""Tables of a metrics.json for the terminal: means with the rules they follow, and AP by class; all in percent."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from yowo.reports.number_text import ABSENT, percent
from yowo.reports.score_figures import class_columns, score_figures


def score_tables(metrics: Mapping[str, Any]) -> list[Table]:
    """Make the tables of a metrics.json.

    Args:
        metrics: Its content, fractions 0..1.

    Returns:
        A table of means, and one of AP by class where there is any, for a rich console.
    """
    return [mean_table(metrics), *([by_class_table(metrics)] if class_columns(metrics) else [])]


def mean_table(metrics: Mapping[str, Any]) -> Table:
    """Make the table of means, each with the rule it follows; the argument is as for `score_tables`."""
    published = metrics.get("published")
    table = Table(header_style="bold")
    table.add_column("metric")
    table.add_column("%", justify="right")
    if published is not None:
        table.add_column(f"{published['row']} published", justify="right")
    table.add_column("rule")
    for figure in score_figures(metrics):
        known = [] if published is None else [percent(figure.published)]
        table.add_row(figure.name, percent(figure.value), *known, figure.rule)
    return table


def by_class_table(metrics: Mapping[str, Any]) -> Table:
    """Make the table of AP by class; the argument is as for `score_tables`."""
    columns = class_columns(metrics)
    table = Table(header_style="bold", caption_justify="left")
    table.add_column("class")
    for name in columns:
        table.add_column(name, justify="right")
    for label in dict.fromkeys(label for values in columns.values() for label in values):
        cells = [percent(values.get(label)) for values in columns.values()]
        table.add_row(escape(label), *cells)
        if ABSENT in cells:
            table.caption = f"{ABSENT} no ground truth"
    return table
