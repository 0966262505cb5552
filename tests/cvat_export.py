"""What CVAT would export for the videos of a project: one "CVAT for video 1.1" file a task, every frame listed.

python -m tests.cvat_export PROJECT FOLDER
"""

import sys
from collections import defaultdict
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from yowo.projects.project import TABLE, VIDEO_FOLDER
from yowo.projects.table import TableRow, table_rows


def write_exports(project: Path, folder: Path) -> None:
    """Write `<video>.xml` for each annotated video; actions are values of a list attribute of the label "figure"."""
    rows = [row for _, row in table_rows(project / TABLE) if isinstance(row, TableRow)]
    actions = sorted({row.label for row in rows})
    videos: dict[str, dict[str, list[TableRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        videos[row.video][row.track].append(row)
    for name, tracks in videos.items():
        file = next((project / VIDEO_FOLDER).glob(f"{name}.*"))
        last = max(row.frame for track in tracks.values() for row in track)
        values = escape("\n".join(["none", *actions]))
        label = (
            "<label><name>figure</name><attributes><attribute><name>action</name><mutable>True</mutable>"
            f"<input_type>select</input_type><values>{values}</values></attribute></attributes></label>"
        )
        meta = (
            f"<task><name>{escape(name)}</name><mode>interpolation</mode><start_frame>0</start_frame>"
            f"<stop_frame>{last}</stop_frame><labels>{label}</labels></task><source>{escape(file.name)}</source>"
        )
        body = "".join(_track(number, track) for number, track in enumerate(tracks.values()))
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta>{meta}</meta>{body}</annotations>\n'
        path = folder / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _track(number: int, rows: list[TableRow]) -> str:
    ordered = sorted(rows, key=lambda row: row.frame)
    end = ordered[-1]._replace(frame=ordered[-1].frame + 1)
    boxes = [_box(row, outside=0, key=int(place % 6 == 0)) for place, row in enumerate(ordered)]
    return f'<track id="{number}" label="figure" source="manual">{"".join(boxes)}{_box(end, outside=1, key=1)}</track>'


def _box(row: TableRow, outside: int, key: int) -> str:
    x1, y1, x2, y2 = (f"{value:.2f}" for value in row.box)
    corners = f'xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}"'
    return (
        f'<box frame="{row.frame}" keyframe="{key}" outside="{outside}" occluded="0" {corners} z_order="0">'
        f"<attribute name={quoteattr('action')}>{escape(row.label)}</attribute></box>"
    )


if __name__ == "__main__":
    write_exports(Path(sys.argv[1]), Path(sys.argv[2]))
