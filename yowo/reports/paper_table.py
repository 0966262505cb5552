"""A table of the report with our figures beside the published ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from yowo.reports.number_text import number
from yowo.reports.published import AVA_RULE, PublishedRow

Results = Mapping[str, Mapping[str, Any]]
NOTES = {
    1: "Published figure / ours. F-mAP and V-mAP at IoU 0.5, in percent, by the rules of the released evaluation.",
    2: "Published figure / ours. mAP at IoU 0.5, in percent, over timestamps divisible by 4 as the report's; "
    "official: the ActivityNet script over all of them.",
}


def header(table: int) -> list[str]:
    """Return the names of the columns of table 1 or 2."""
    figures = ["F-mAP", "V-mAP"] if table == 1 else ["mAP", "mAP official"]
    return ["system", "K", *figures, "M parameters", "G multiply-adds", "FPS"]


def lines(rows: Sequence[PublishedRow], results: Results, table: int) -> list[list[str]]:
    """Return the cells of each row, "published / ours"; rows without weights show a dash for ours."""
    found = []
    for row in rows:
        own = results.get(row.name, {})
        if table == 1:
            figures = [_pair(getattr(row, name), _in_percent(own, name, "0.5")) for name in ("frame_map", "video_map")]
        else:
            figures = [_pair(row.ava_map, _in_percent(own, "ava_map", AVA_RULE))]
            figures.append(_pair(None, _in_percent(own, "ava_map", "official")))
        found.append(
            [
                row.system,
                str(row.clip_len),
                *figures,
                _pair(row.parameters, _scaled(own, "parameters", 1e6), ".1f"),
                _pair(row.multiply_adds, _scaled(own, "multiply_adds", 1e9), ".1f"),
                _pair(row.fps, own.get("fps"), ".1f"),
            ]
        )
    return found


def as_table(rows: Sequence[PublishedRow], results: Results, table: int) -> Table:
    """Make the table for a rich console."""
    shown = Table(header_style="bold", caption=NOTES[table], caption_justify="left")
    for place, name in enumerate(header(table)):
        shown.add_column(name, justify="left" if place == 0 else "right")
    for line in lines(rows, results, table):
        shown.add_row(*line)
    return shown


def as_markdown(rows: Sequence[PublishedRow], results: Results, table: int) -> str:
    """Make the table in Markdown, with its note and the device that FPS was measured on."""
    ruler = ["---", *["---:"] * (len(header(table)) - 1)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in [header(table), ruler, *lines(rows, results, table)])
    devices = sorted({str(own["device"]) for own in results.values() if "device" in own})
    speed = f" FPS: published on an RTX 3090, ours on {', '.join(devices)}." if devices else ""
    return f"# Table {table}\n\n{NOTES[table]}{speed}\n\n{body}\n"


def _in_percent(own: Mapping[str, Any], group: str, key: str) -> float | None:
    value = own.get(group, {}).get(key)
    return None if value is None else 100 * float(value)


def _scaled(own: Mapping[str, Any], name: str, unit: float) -> float | None:
    return None if name not in own else float(own[name]) / unit


def _pair(published: float | None, ours: float | None, how: str = ".2f") -> str:
    return f"{number(published, how)} / {number(ours, how)}"
