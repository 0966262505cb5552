"""Checks of the people on each frame: boxes that coincide, people too small or too many for the network."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from yowo.boxes.array_iou import pair_iou
from yowo.contracts import STRIDE
from yowo.projects.findings import ProjectReport
from yowo.projects.people import People, Size, cells, input_report, size_text, suggested_size
from yowo.projects.table import TableRow

COPY_IOU = 0.9
"""IoU above which two boxes of one class on a frame are taken for the same person's."""
TINY_SIDE, SMALL_SIDE = 4.0, 8.0
"""Shorter side in pixels of the network's input below which a box is rarely detected, and below which the median person
is too small to see an action of."""
USUAL_SIZE = (224, 224)
"""Height and width of the network's input with dataset=custom."""
PAIRS_A_PERSON = 3
"""About as many predicted boxes lie on a person before suppression."""


class InputSettings(NamedTuple):
    """What a training would use.

    Attributes:
        image_size: Height and width of the network's input in pixels; None takes the suggested size.
        anchors: Boxes that a cell can predict; None if that is not known.
        top_k: (box, class) pairs of a frame before suppression; None for all.
        max_detections: Detections of a frame after suppression; None for all.
        name: What the settings are of, such as "experiment=custom_quick".
    """

    image_size: Size | None = None
    anchors: int | None = None
    top_k: int | None = None
    max_detections: int | None = None
    name: str = ""


def check_coinciding(report: ProjectReport, rows: Sequence[TableRow]) -> None:
    """Report boxes of one class on a frame that coincide: they are usually one person who was imported twice.

    Boxes of different classes are not compared: a person who does several things has a row for each.
    """
    groups: dict[tuple[str, int, str], list[TableRow]] = defaultdict(list)
    for row in rows:
        groups[row.video, row.frame, row.label].append(row)
    equal: list[str] = []
    near: list[str] = []
    for (video, frame, _), group in groups.items():
        if len(group) < 2:
            continue
        boxes = np.array([row.box for row in group])
        copies = (np.abs(boxes[:, None] - boxes) < 0.005).all(axis=2)  # as two decimals in the table
        rounded = np.rint(boxes)
        alike = (pair_iou(boxes[:, None], boxes) > COPY_IOU) | (rounded[:, None] == rounded).all(axis=2)
        for place in range(1, len(group)):
            for marked, found in ((copies, equal), (alike, near)):
                if marked[place, :place].any():
                    first = group[int(marked[place, :place].argmax())]
                    found.append(f"{video}, frame {frame}: tracks {first.track} and {group[place].track}")
                    break
    report.add("error", "the same box of a class twice on a frame", equal, "remove one of the two tracks")
    report.add(
        "warning", "boxes of a class that coincide on a frame", near, "remove one of the two if both are one person"
    )


def check_people(report: ProjectReport, people: People, settings: InputSettings) -> None:
    """Report how large people are at the network's input, and people who are too small or too many for it.

    Args:
        report: Findings and `inputs` are added to it.
        people: The people of the rows that training can use.
        settings: What a training would use.
    """
    if not len(people.frames):
        return
    suggested = report.suggested = suggested_size(people)
    used = settings.image_size or suggested
    if settings.image_size is not None:
        report.inputs[settings.name or "given"] = input_report(people, used)
    if used != suggested or settings.image_size is None:
        report.inputs["suggested"] = input_report(people, suggested)
    if settings.image_size is None and suggested != USUAL_SIZE:
        report.inputs["dataset=custom"] = input_report(people, USUAL_SIZE)
    _check_sizes(report, people, used, suggested)
    _check_crowds(report, people, used, settings)


def _check_sizes(report: ProjectReport, people: People, used: Size, suggested: Size) -> None:
    """Check that people are large enough."""
    at, larger = "{} x {}".format(*used), suggested[0] * suggested[1] > used[0] * used[1]
    advice = f"{size_text(suggested)} enlarges them" if larger else "annotate larger videos, or crops of them"
    short = people.sides(used).min(axis=1)
    tiny = [
        f"{_place(people, person)}: {short[person]:.1f} pixels at {at}"
        for person in np.flatnonzero(short < TINY_SIDE).tolist()
    ]
    report.add("warning", "tiny box", tiny, advice)
    small = int((short < SMALL_SIDE).sum())
    if 2 * small > len(short):
        median = input_report(people, used)
        where = f"at {at} the median person is {median.heights[1]:.0f} high and {median.widths[1]:.0f} wide"
        report.add("warning", "small people", [where] * small, advice)


def _check_crowds(report: ProjectReport, people: People, used: Size, settings: InputSettings) -> None:
    """Check that all people of a frame can be found."""
    frame, count = cells(people, used)
    if settings.anchors is not None:
        full = [
            f"{_frame(people, number)}: {here} people in one of {STRIDE} pixels, {settings.anchors} anchors"
            for number, here in zip(frame.tolist(), count.tolist(), strict=True)
            if here > settings.anchors
        ]
        report.add(
            "warning",
            "more people in a cell than anchors",
            full,
            "enlarge dataset.image_size, or yowo data anchors --count",
        )
    on_frame = np.bincount(people.frames)
    limits = {
        "max_detections": settings.max_detections,
        "top_k": settings.top_k and max(settings.top_k // PAIRS_A_PERSON, 1),
    }
    for key, most in limits.items():
        over = [] if most is None else np.flatnonzero(on_frame > most).tolist()
        words = [
            f"{_frame(people, place)}: {on_frame[place]} people, postprocess.{key}={getattr(settings, key)}"
            for place in over
        ]
        report.add("warning", "more people on a frame than are kept", words, f"postprocess.{key}=null keeps all")


def _place(people: People, person: int) -> str:
    return _frame(people, int(people.frames[person]))


def _frame(people: People, number: int) -> str:
    video, frame = people.places[number]
    return f"{video}, frame {frame}"
