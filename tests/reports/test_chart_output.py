import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from yowo.errors import YowoError
from yowo.reports.chart_output import inline_svg, save_picture
from yowo.reports.charts import class_bars
from yowo.reports.palette import LIGHT


def chart():
    return class_bars({"AP": {"a<b": 1.0, "half": 0.5, "none": 0.0}})


def test_the_picture_has_a_bar_for_each_class_as_long_as_its_ap(tmp_path):
    save_picture(chart(), tmp_path / "new" / "ap.png")
    with Image.open(tmp_path / "new" / "ap.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    colour = [int(LIGHT["c0"][place : place + 2], 16) for place in (1, 3, 5)]
    bar = (np.abs(pixels - colour).sum(axis=2) < 30).sum(axis=1)
    lengths = sorted(set(bar[bar > 20].tolist()))
    assert lengths[0] == pytest.approx(lengths[-1] / 2, rel=0.03)
    assert len([1 for a, b in zip(bar[:-1] > 20, bar[1:] > 20, strict=True) if b > a]) == 2


def test_a_picture_of_unknown_format_is_refused(tmp_path):
    with pytest.raises(YowoError, match=r"ap\.doc: expected a picture's name that ends in \.png, \.svg or \.pdf"):
        save_picture(chart(), tmp_path / "ap.doc")


def test_inline_svg_keeps_text_and_takes_the_colours_of_the_page():
    text = inline_svg(chart(), "AP & more", "p")
    root = ET.fromstring(text)
    assert root.tag == "svg" and root.get("aria-label") == "AP & more"
    assert {"a<b", "half", "100.0", "50.0"} <= {element.text for element in root.iter("text")}
    assert "var(--c0)" in text and "var(--ink)" in text and "var(--soft)" in text
    assert not re.findall(r"#[0-9a-f]{6}", text), "every colour is one of the palette"


def test_inline_svg_holds_nothing_that_a_page_must_not_have():
    text = inline_svg(chart(), "AP", "p")
    for unwanted in ("http", "<?xml", "<!DOCTYPE", "<metadata", "<style", "font-family", "date"):
        assert unwanted not in text


def test_names_of_parts_are_unique_on_a_page_and_every_reference_leads_to_one():
    figure = Figure()
    figure.add_subplot().plot([0, 1], [0, 1], "o-")
    first, second = (inline_svg(figure, "AP", prefix) for prefix in ("a", "b"))
    names = re.findall(r'id="([^"]+)"', first + second)
    assert len(names) == len(set(names)) and names
    assert set(re.findall(r"(?:url\(|href=\")#([\w-]+)", first + second)) == set(names)


def test_the_same_chart_gives_the_same_text():
    assert inline_svg(chart(), "AP", "p") == inline_svg(chart(), "AP", "p")
