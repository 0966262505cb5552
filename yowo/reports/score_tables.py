"""Tables of metrics.json for the terminal: means with the rules they follow, and AP by class; all in percent."""

import math
from collections.abc import Mapping
from typing import Any

from rich.table import Table

ABSENT = "–"
FRAMES = {
    "annotated": "annotated frames only (YOWO's papers)",
    "all": "all frames, detections elsewhere are wrong (ACT, MOC)",
}
AVA_RULES = {
    "official": "ActivityNet script: rows of a frame by score, its 50 best, frames with ground truth",
    "official_every_4th": "the same over timestamps divisible by 4",
    "released": "copy in the released code: order of the file, every row, every frame",
    "released_every_4th": "the same over timestamps divisible by 4: the paper's figures",
}
SHOWN_THRESHOLDS = ("0.2", "0.5", "0.75", "0.5:0.95")


def score_tables(metrics: Mapping[str, Any]) -> list[Table]:
    """Make the tables of a metrics.json.

    Args:
        metrics: Its content, fractions 0..1.

    Returns:
        A table of means and one of AP by class, for a rich console.
    """
    return [mean_table(metrics), by_class_table(metrics)]


def headline(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return AP by class of the figure that a metrics.json is best known by."""
    if "ava_ap" in metrics:
        return dict(metrics["ava_ap"]["official"])
    return dict(next(iter(metrics["frame_ap"].values())))


def mean_table(metrics: Mapping[str, Any]) -> Table:
    """Make the table of means, each with the rule it follows."""
    published = metrics.get("published")
    table = Table(header_style="bold")
    table.add_column("metric")
    table.add_column("%", justify="right")
    if published is not None:
        table.add_column(f"{published['row']} published", justify="right")
    table.add_column("rule")

    def add(words: str, value: float | None, rule: str, group: str, key: str) -> None:
        known = [] if published is None else [_percent(published.get(group, {}).get(key))]
        table.add_row(words, _percent(value), *known, rule)

    by_frames = metrics.get("frame_map_by_frames", {metrics.get("frames", "annotated"): metrics.get("frame_map", {})})
    for frames, means in by_frames.items():
        for threshold, value in means.items():
            group = "frame_map" if frames == "annotated" else ""
            add(f"frame-mAP@{threshold}", value, FRAMES[frames], group, threshold)
    for threshold, value in metrics.get("video_map", {}).items():
        add(f"video-mAP@{threshold}", value, f"linker {metrics['linker']}", "video_map", threshold)
    for rule, value in metrics.get("ava_map", {}).items():
        add("AVA mAP@0.5", value, f"{rule}: {AVA_RULES[rule]}", "ava_map", rule)
    return table


def by_class_table(metrics: Mapping[str, Any]) -> Table:
    """Make the table of AP by class: frame AP and some of video AP, or AVA's by rule."""
    columns: dict[str, Mapping[str, float | None]] = {
        f"frame AP@{name}": values for name, values in metrics.get("frame_ap", {}).items()
    }
    for name, values in metrics.get("video_ap", {}).items():
        if name in SHOWN_THRESHOLDS:
            columns[f"video AP@{name}"] = values
    for rule, values in metrics.get("ava_ap", {}).items():
        columns[rule.replace("_", " ")] = values
    table = Table(header_style="bold", caption_justify="left")
    table.add_column("class")
    for name in columns:
        table.add_column(name, justify="right")
    classes = list(dict.fromkeys(label for values in columns.values() for label in values))
    for label in classes:
        table.add_row(label, *(_percent(values.get(label)) for values in columns.values()))
    if any(_unknown(values.get(label)) for values in columns.values() for label in classes):
        table.caption = f"{ABSENT} no ground truth"
    return table


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _percent(value: float | None) -> str:
    return ABSENT if value is None or math.isnan(value) else f"{100 * value:.2f}"
