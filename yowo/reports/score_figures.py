"""The figures of a metrics.json with their names and rules: one list for the terminal, the page and tables of runs."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from yowo.evaluation.metric_groups import BY_CLASS, MEANS, RULES, class_groups, mean_groups, usual_key

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
PEOPLE_RULE = "class aside, a person's boxes as one with the best score"
ACTION_RULE = "of the people found: the best action is one of theirs"
SHOWN_THRESHOLDS = {"video": ("0.2", "0.5", "0.75", "0.5:0.95")}
"""Keys that tables by class and pages show of a group that has many; of others they show all."""


class ScoreFigure(NamedTuple):
    """A mean with what it needs to be understood.

    Attributes:
        name: Such as "frame-mAP@0.5".
        value: Fraction 0..1; None or NaN where it is not known.
        rule: The rule that it follows.
        published: The published figure, a fraction; None where there is none.
        shown_by_class: Whether tables by class and pages show this key of its group.
    """

    name: str
    value: float | None
    rule: str
    published: float | None
    shown_by_class: bool


class ClassColumn(NamedTuple):
    """AP by class.

    Attributes:
        group: Its group in metrics.json, such as "frame_ap".
        name: Such as "frame AP@0.5".
        by_class: Fractions 0..1; NaN for a class without ground truth.
    """

    group: str
    name: str
    by_class: dict[str, float]


def figure_name(group: str, key: str) -> str:
    """Return what a mean is called.

    Args:
        group: Name in metrics.json, such as "frame_map".
        key: Threshold or rule.

    >>> figure_name("frame_map", "0.5"), figure_name("ava_map", "official")
    ('frame-mAP@0.5', 'AVA mAP official')
    """
    kind = group.removesuffix(MEANS)
    return f"AVA mAP {_words(key)}" if kind == "ava" else f"{_words(kind)}-mAP@{_words(key)}"


def score_figures(metrics: Mapping[str, Any]) -> list[ScoreFigure]:
    """Return every mean of a metrics.json, in its order, with the rule and the published figure; then those of people.

    Args:
        metrics: Its content, fractions 0..1.
    """
    published = metrics.get("published", {})
    found = []
    for group, means in mean_groups(metrics).items():
        kind = group.removesuffix(MEANS)
        for key, value in means.items():
            known = published.get(group, {}).get(key)
            if kind == "frame" and metrics.get("frames") == "all":
                known = None  # published figures are over annotated frames
            rule = _rule(metrics, kind, key)
            found.append(ScoreFigure(figure_name(group, key), value, rule, known, _is_shown(kind, key)))
        if kind == "frame":
            found += _other_frames(metrics)
    return found + _people(metrics)


def class_columns(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, float | None]]:
    """Return AP by class: the columns of a table, of groups with many thresholds some.

    Args:
        metrics: Content of a metrics.json, fractions 0..1.
    """
    return {
        _column(group, key): values
        for group, columns in class_groups(metrics).items()
        for key, values in columns.items()
        if _is_shown(group.removesuffix(BY_CLASS), key)
    }


def usual_columns(metrics: Mapping[str, Any]) -> list[ClassColumn]:
    """Return one column of AP by class for each group, the one that it is best known by.

    Args:
        metrics: Content of a metrics.json, fractions 0..1.
    """
    found = []
    for group, columns in class_groups(metrics).items():
        if columns:
            key = usual_key(columns)
            values = {name: math.nan if value is None else value for name, value in columns[key].items()}
            found.append(ClassColumn(group, _column(group, key), values))
    return found


def _other_frames(metrics: Mapping[str, Any]) -> list[ScoreFigure]:
    """Return frame-mAP over the frames that `frame_map` is not over, where that is known."""
    by_frames = metrics.get("frame_map_by_frames", {})
    return [
        ScoreFigure(figure_name("frame_map", key), value, FRAMES[frames], None, True)
        for frames, means in by_frames.items()
        if frames != metrics.get("frames", "annotated")
        for key, value in means.items()
    ]


def _people(metrics: Mapping[str, Any]) -> list[ScoreFigure]:
    """Return how well people are found and how often the action of those that are is right, where that is known."""
    people = metrics.get("people_found")
    if people is None:
        return []
    counted = f"{people['num_found']} of {people['num_people']} people, at any score"
    return [
        ScoreFigure(f"people found, AP@{people['iou']:g}", people["ap"], PEOPLE_RULE, None, True),
        ScoreFigure(f"people found, recall@{people['iou']:g}", people["recall"], counted, None, True),
        ScoreFigure("action right", metrics.get("action_right"), ACTION_RULE, None, True),
    ]


def _rule(metrics: Mapping[str, Any], kind: str, key: str) -> str:
    if kind == "frame":
        return FRAMES[metrics.get("frames", "annotated")]
    if kind == "video":
        return f"linker {metrics['linker']}" if "linker" in metrics else ""
    if kind == "ava":
        return AVA_RULES.get(key, "")
    return str(metrics.get(RULES, {}).get(f"{kind}{MEANS}", ""))


def _is_shown(kind: str, key: str) -> bool:
    return kind not in SHOWN_THRESHOLDS or key in SHOWN_THRESHOLDS[kind]


def _column(group: str, key: str) -> str:
    kind = group.removesuffix(BY_CLASS)
    return f"AVA AP {_words(key)}" if kind == "ava" else f"{_words(kind)} AP@{_words(key)}"


def _words(name: str) -> str:
    return name.replace("_", " ")
