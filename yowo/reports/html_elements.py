"""The elements of an HTML page that opens from disk, in light and dark, on wide and narrow screens."""

from collections.abc import Sequence
from html import escape

from yowo.reports.palette import style_variables

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--bg);margin:0 auto;max-width:1100px;
padding:20px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 6px;border-top:1px solid var(--line);padding-top:20px}
p{color:var(--soft);margin:4px 0 12px;max-width:80ch}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.figure{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.figure b{display:block;font-size:24px}.figure span{color:var(--soft);font-size:13px}
svg{width:100%;height:auto}svg *{stroke-linejoin:round}svg text{fill:var(--ink)}
.scroll{overflow-x:auto}.scroll svg{min-width:600px}table{border-collapse:collapse;font-size:13px}
th,td{padding:3px 8px;border-bottom:1px solid var(--line)}
td,th{text-align:right;white-space:nowrap}
td:first-child,th:first-child{text-align:left}th{font-weight:600}
th.turned{height:110px;vertical-align:bottom;padding:2px}
th.turned span{writing-mode:vertical-rl;transform:rotate(180deg)}
.video{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:8px 12px;margin:10px 0}
.video b{display:block;font-size:13px;margin-bottom:4px}
footer{color:var(--soft);font-size:13px;margin-top:40px}
"""


def page(title: str, subtitle: str, sections: Sequence[str]) -> str:
    """Return a whole page.

    Args:
        title: Heading.
        subtitle: Line below it.
        sections: HTML.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style_variables()}{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>{escape(subtitle)}</p>{''.join(sections)}"
        "<footer>Made by yowo. Everything is in this file.</footer></body></html>\n"
    )


def section(title: str, words: str, body: str) -> str:
    """Return a section: heading, a sentence that defines what is shown, and the body (HTML)."""
    return f"<h2>{escape(title)}</h2><p>{escape(words)}</p>{body}"


def figures(entries: Sequence[tuple[str, str, str]]) -> str:
    """Return the headline figures: name, value, and the rule each follows."""
    cells = [
        f'<div class="figure"><span>{escape(name)}</span><b>{escape(value)}</b><span>{escape(rule)}</span></div>'
        for name, value, rule in entries
    ]
    return f'<div class="figures">{"".join(cells)}</div>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]], turned: bool = False) -> str:
    """Return a table; `turned` writes the header vertically."""
    if turned:
        first, *rest = header
        head = f"<th>{escape(first)}</th>" + "".join(f'<th class="turned"><span>{escape(h)}</span></th>' for h in rest)
    else:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def heat_table(names: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return a table of counts, with more colour for a larger share of the row; zeros are dots."""
    head = "".join(f'<th class="turned"><span>{escape(name)}</span></th>' for name in columns)
    lines = []
    for name, row in zip(names, counts, strict=True):
        most = max(max(row), 1)
        cells = "".join(
            f'<td style="background:color-mix(in srgb,var(--c1) {55 * value // most}%,transparent)">{value or "·"}</td>'
            for value in row
        )
        lines.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    body = "".join(lines)
    return f'<div class="scroll"><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
