"""The published figures of the report's tables and of the rest of the family, and which row a configuration is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

AVA_RULE = "released_every_4th"
"""The rule that most published AVA figures follow."""
FAMILY = "family"
"""Name of the table that has every system: the rows of the report, of YOWOF, YOWOv2 and YOWOv3."""


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published result; figures in percent, None where none is published.

    Attributes:
        name: Of the row, as in conf/experiment.
        table: 1 (UCF101-24) or 2 (AVA) of the report, or `FAMILY`.
        system: Its name in the report.
        model: Name of the model.
        dataset: Name of the data set.
        clip_len: K.
        context: "lfb", or None.
        frame_map: Frame-mAP@0.5.
        video_map: Video-mAP@0.5.
        ava_map: AVA's mAP@0.5 by `ava_rule`.
        fps: Frames per second, as published.
        file: Name of the released weights file.
        parameters: Of the network, in millions.
        multiply_adds: Of the network, in billions, for a clip; those of YOWOF for one frame of a stream.
        ava_rule: The rule of `ava_map`.
        evaluate: Overrides under which the released program evaluates.
        note: What to know of the published cost.
    """

    name: str
    table: int | str
    system: str
    model: str
    dataset: str
    clip_len: int
    context: str | None = None
    frame_map: float | None = None
    video_map: float | None = None
    ava_map: float | None = None
    fps: float | None = None
    file: str | None = None
    parameters: float | None = None
    multiply_adds: float | None = None
    ava_rule: str = AVA_RULE
    evaluate: tuple[str, ...] = ()
    note: str | None = None

    def figures(self) -> dict[str, Any]:
        """Return the figures in the form of metrics.json: fractions 0..1."""
        found: dict[str, Any] = {"row": self.name}
        if self.frame_map is not None:
            found["frame_map"] = {"0.5": self.frame_map / 100}
        if self.video_map is not None:
            found["video_map"] = {"0.5": self.video_map / 100}
        if self.ava_map is not None:
            found["ava_map"] = {self.ava_rule: self.ava_map / 100}
        return found


def published_rows(table: int | str = FAMILY) -> list[PublishedRow]:
    """Return the rows of a table, in the order of their publication.

    Args:
        table: 1 or 2 of the report, or `FAMILY`: all rows.
    """
    content = _content("published")
    rows = [_row(name, row, content) for name, row in content["rows"].items()]
    return [row for row in rows if table in (FAMILY, row.table)]


def _row(name: str, row: Mapping[str, Any], content: Mapping[str, Any]) -> PublishedRow:
    """Make a row; what it does not say of its cost is its model's."""
    cost = content["cost"].get(row["model"], {})
    counted = {
        "parameters": cost.get("parameters"),
        "multiply_adds": cost.get("multiply_adds", {}).get(row["clip_len"]),
    }
    note = content["notes"].get(name, content["notes"].get(row["model"]))
    return PublishedRow(name=name, **{**counted, "note": note, **row, "evaluate": tuple(row.get("evaluate", ()))})


def row_of(model: str, dataset: str, clip_len: int, context: str | None) -> PublishedRow | None:
    """Return the row that a network on a data set is; None if the report has none.

    Args:
        model: Name of the model.
        dataset: Name of the data set.
        clip_len: K.
        context: "lfb" where the long-term feature bank is used.
    """
    wanted = (model, dataset, clip_len, context)
    return next((r for r in published_rows() if (r.model, r.dataset, r.clip_len, r.context) == wanted), None)


def published_class_ap(model: str) -> Mapping[str, Mapping[str, float]] | None:
    """Return `frame_ap` and `video_ap` by class on UCF101-24 in percent, as a model's authors report it; else None."""
    found: Mapping[str, Mapping[str, float]] | None = _content("published_by_class").get(model)
    return found


@cache
def _content(name: str) -> Mapping[str, Any]:
    """Return the content of a YAML file beside this one."""
    content: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
    return content
