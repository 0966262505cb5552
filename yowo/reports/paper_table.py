"""A table of the report with our figures beside the published ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from yowo.reports.number_text import number
from yowo.reports.published import FAMILY, PublishedRow

Results = Mapping[str, Mapping[str, Any]]
Kind = int | str
"""Of a table: 1 or 2 of the report, or `FAMILY`."""
NOTES: Mapping[Kind, str] = {
    1: "Published figure / ours. F-mAP and V-mAP at IoU 0.5, in percent, by the rules of the released evaluation.",
    2: "Published figure / ours. mAP at IoU 0.5, in percent, over timestamps divisible by 4 as the report's; "
    "official: the ActivityNet script over all of them.",
    FAMILY: "Published figure / ours; ours is a dash where no weights were evaluated. F-mAP and V-mAP on UCF101-24 and "
    "mAP on AVA v2.2 at IoU 0.5, in percent, by the rules of the released evaluations; on AVA over timestamps "
    "divisible by 4, YOWOv3 over all of them. Multiply-adds are those of a clip; of YOWOF those of a streamed frame.",
}


def header(table: Kind) -> list[str]:
    """Return the names of the columns of a table."""
    figures = {1: ["F-mAP", "V-mAP"], 2: ["mAP", "mAP official"], FAMILY: ["F-mAP", "V-mAP", "AVA mAP"]}[table]
    return ["system", "K", *figures, "M parameters", "G multiply-adds", "FPS"]


def lines(rows: Sequence[PublishedRow], results: Results, table: Kind) -> list[list[str]]:
    """Return the cells of each row, "published / ours"; rows without weights show a dash for ours.

    The rows of one system and clip length, on two data sets, are one line of the table `FAMILY`.
    """
    if table == FAMILY:
        return [_system_line(group, results) for group in systems(rows)]
    found = []
    for row in rows:
        own = results.get(row.name, {})
        if table == 1:
            figures = [_pair(getattr(row, name), _in_percent(own, name, "0.5")) for name in ("frame_map", "video_map")]
        else:
            figures = [_pair(row.ava_map, _in_percent(own, "ava_map", row.ava_rule))]
            figures.append(_pair(None, _in_percent(own, "ava_map", "official")))
        cost = [_cost_pair([row], results, name) for name in UNITS]
        found.append([row.system, str(row.clip_len), *figures, *cost, _pair(row.fps, own.get("fps"), ".1f")])
    return found


def systems(rows: Sequence[PublishedRow]) -> list[list[PublishedRow]]:
    """Return the rows of each system and clip length, in the order of the first ones."""
    groups: dict[tuple[str, int], list[PublishedRow]] = {}
    for row in rows:
        groups.setdefault((row.system, row.clip_len), []).append(row)
    return list(groups.values())


def costed(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """Return of each system's rows those whose cost the table `FAMILY` shows."""
    return [row for group in systems(rows) for row in dict.fromkeys(_of_cost(group, name) for name in UNITS)]


def notes(rows: Sequence[PublishedRow]) -> list[str]:
    """Return what to know of published costs, each sentence once, with the systems that it is about."""
    about: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            about.setdefault(row.note, []).append(row.system)
    return [f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in about.items()]


def as_table(rows: Sequence[PublishedRow], results: Results, table: Kind) -> Table:
    """Make the table for a rich console."""
    shown = Table(header_style="bold", caption=NOTES[table], caption_justify="left")
    for place, name in enumerate(header(table)):
        shown.add_column(name, justify="left" if place == 0 else "right")
    for line in lines(rows, results, table):
        shown.add_row(*line)
    return shown


def as_markdown(rows: Sequence[PublishedRow], results: Results, table: Kind) -> str:
    """Make the table in Markdown, with its note and the device that FPS was measured on."""
    ruler = ["---", *["---:"] * (len(header(table)) - 1)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in [header(table), ruler, *lines(rows, results, table)])
    devices = sorted({str(own["device"]) for own in results.values() if "device" in own})
    speed = f" FPS: published on an RTX 3090, ours on {', '.join(devices)}." if devices else ""
    said = "".join(f"\n- {note}" for note in notes(rows)) if table == FAMILY else ""
    title = "The family" if table == FAMILY else f"Table {table}"
    return f"# {title}\n\n{NOTES[table]}{speed}\n\n{body}\n" + (f"{said}\n" if said else "")


UNITS = {"parameters": 1e6, "multiply_adds": 1e9}
"""Parts of a cost, and the units of their columns."""


def _system_line(group: Sequence[PublishedRow], results: Results) -> list[str]:
    """Return the cells of a system's rows on both data sets."""
    ucf24, ava = (next((row for row in group if row.dataset == name), None) for name in ("ucf24", "ava"))
    of_ucf24, of_ava = (results.get(row.name, {}) if row else {} for row in (ucf24, ava))
    figures = [
        _pair(getattr(ucf24, name, None), _in_percent(of_ucf24, name, "0.5")) for name in ("frame_map", "video_map")
    ]
    figures.append(_pair(ava.ava_map if ava else None, _in_percent(of_ava, "ava_map", ava.ava_rule) if ava else None))
    cost = [_cost_pair(group, results, name) for name in UNITS]
    speed = _pair(group[0].fps, results.get(group[0].name, {}).get("fps"), ".1f")
    return [group[0].system, str(group[0].clip_len), *figures, *cost, speed]


def _of_cost(group: Sequence[PublishedRow], name: str) -> PublishedRow:
    """Return of a system's rows the one that has a published figure of its cost; the first one if none has."""
    return next((row for row in group if getattr(row, name) is not None), group[0])


def _cost_pair(group: Sequence[PublishedRow], results: Results, name: str) -> str:
    row = _of_cost(group, name)
    return _pair(getattr(row, name), _scaled(results.get(row.name, {}), name, UNITS[name]), ".1f")


def _in_percent(own: Mapping[str, Any], group: str, key: str) -> float | None:
    value = own.get(group, {}).get(key)
    return None if value is None else 100 * float(value)


def _scaled(own: Mapping[str, Any], name: str, unit: float) -> float | None:
    return None if name not in own else float(own[name]) / unit


def _pair(published: float | None, ours: float | None, how: str = ".2f") -> str:
    return f"{number(published, how)} / {number(ours, how)}"
