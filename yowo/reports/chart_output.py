"""Figures of matplotlib as pictures, and as SVG that stands inside a page and follows its colours."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from yowo.errors import YowoError
from yowo.reports.palette import LIGHT
from yowo.whole_file import whole_file

FORMATS = (".png", ".svg", ".pdf")
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
VARIABLE = {colour: f"var(--{name})" for name, colour in LIGHT.items()}
REFERENCE = re.compile(r"#(\w+)")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
GEOMETRY = ("d", "x", "y", "transform", "points")


def save_picture(figure: Figure, path: Path | str) -> None:
    """Write a figure as a picture; the file appears when it is complete.

    Args:
        figure: The figure.
        path: Picture to write; its ending (.png, .svg, .pdf) is the format.

    Raises:
        YowoError: The format is not known, or the file cannot be written.
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise YowoError(f"{path}: expected a picture's name that ends in .png, .svg or .pdf")
    with whole_file(Path(path)) as unfinished:
        figure.savefig(unfinished, dpi=130)


def inline_svg(figure: Figure, label: str, prefix: str) -> str:
    """Return a figure as SVG for a page: text stays text, colours of the palette become the page's CSS variables.

    The same figure gives the same text. It holds no address and no date.

    Args:
        figure: The figure.
        label: What the chart shows, for readers that cannot see it.
        prefix: Put before the names of its parts; a different one for each chart of a page.
    """
    written = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "yowo"}):
        figure.savefig(written, format="svg", transparent=True, metadata=NO_METADATA)
    root = ElementTree.fromstring(written.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child.tag) in ("metadata", "style"):
                parent.remove(child)
    referenced = {name for element in root.iter() for name in _references(element)}
    for element in root.iter():
        _clean(element, referenced, prefix)
    width = 4 / 3 * float(root.attrib["viewBox"].split()[2])  # points to pixels
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "style": f"max-width:{width:.0f}px",
        "role": "img",
        "aria-label": label,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _name(qualified: str) -> str:
    """Return a name without its namespace, which a page does not need."""
    return qualified.rpartition("}")[2]


def _references(element: ElementTree.Element) -> list[str]:
    """Return the names of other parts that an element refers to."""
    values = [v for k, v in element.attrib.items() if _name(k) == "href" or "url(#" in v]
    return [name for value in values for name in REFERENCE.findall(value)]


def _clean(element: ElementTree.Element, referenced: set[str], prefix: str) -> None:
    """Make an element of matplotlib's file one that can stand in a page."""
    element.tag = _name(element.tag)
    if element.tag != "text" and not (element.text or "").strip():
        element.text = None
    element.tail = None
    attributes = {}
    for qualified, value in element.attrib.items():
        name = _name(qualified)
        if name == "id":
            if value in referenced:
                attributes[name] = f"{prefix}-{value}"
        elif name == "style":
            attributes[name] = _style(value)
        elif name in GEOMETRY:
            if not value.startswith("rotate(-0 "):
                attributes[name] = LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", " ".join(value.split()))
        elif name == "href" or value.startswith("url(#"):
            attributes[name] = REFERENCE.sub(rf"#{prefix}-\1", value)
        else:
            attributes[name] = value
    element.attrib = attributes


def _style(style: str) -> str:
    """Return a style in the page's colours and font."""
    parts = [part.strip() for part in style.split(";")]
    kept = ";".join(part.replace(": ", ":") for part in parts if part and not part.startswith("font-family"))
    return re.sub(r"#[0-9a-f]{6}", lambda found: VARIABLE.get(found[0], found[0]), kept)
