"""Which entries of a metrics.json are means and which are AP by class: a rule of names that every metric follows.

`<name>_map` is a mean for each threshold or rule, `<name>_ap` is the AP of each class for each of them. Tables, pages
and logs find figures by these endings, so that a new metric appears in all of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

MEANS, BY_CLASS, RULES = "_map", "_ap", "rules"
USUAL_KEY = "0.5"
"""The threshold that a figure is best known by."""


def mean_groups(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, float | None]]:
    """Return the groups of means, such as {"frame_map": {"0.5": 0.8}}.

    Args:
        metrics: Content of a metrics.json, or a metric's part of it; fractions 0..1.
    """
    return {name: value for name, value in metrics.items() if name.endswith(MEANS) and isinstance(value, Mapping)}


def class_groups(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Mapping[str, float | None]]]:
    """Return the groups of AP by class, such as {"frame_ap": {"0.5": {"run": 0.8}}}.

    Args:
        metrics: Content of a metrics.json, or a metric's part of it; fractions 0..1.
    """
    return {name: value for name, value in metrics.items() if name.endswith(BY_CLASS) and isinstance(value, Mapping)}


def usual_key(group: Mapping[str, Any]) -> str:
    """Return the key of a group that stands for it where only one is shown: "0.5", else the first.

    Args:
        group: Not empty.
    """
    return USUAL_KEY if USUAL_KEY in group else next(iter(group))


def merge_reports(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the parts of several metrics to one metrics.json.

    Args:
        reports: The parts. A name that stands in several has the value of the last one; `rules` (a sentence for each
            group that the reports do not know) are joined.

    Returns:
        The content of metrics.json, fractions 0..1.

    >>> merge_reports([{"frame_map": {"0.5": 0.8}}, {"linker": "yowo", "video_map": {"0.5": 0.5}}])
    {'frame_map': {'0.5': 0.8}, 'linker': 'yowo', 'video_map': {'0.5': 0.5}}
    """
    merged: dict[str, Any] = {}
    for report in reports:
        rules = {**merged.get(RULES, {}), **report.get(RULES, {})}
        merged |= report
        if rules:
            merged[RULES] = rules
    return merged
