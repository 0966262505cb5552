import xml.etree.ElementTree as ET

import numpy as np

from yowo.reports.svg_charts import curve, grouped_bars, stacked_bars, timeline


def parsed(text):
    return ET.fromstring(text)


def test_bars_are_as_long_as_their_values_and_unknown_ones_are_dashes():
    svg = parsed(grouped_bars(["a<b", "c"], [("x", [100.0, 25.0]), ("y", [float("nan"), 50.0])]))
    widths = [float(rect.get("width")) for rect in svg.iter("rect")][2:]
    assert widths[0] == 4 * widths[2] == 2 * widths[3] and widths[1] == 0
    assert "–" in "".join(svg.itertext()) and "a<b" in "".join(svg.itertext())


def test_stacked_parts_fill_the_bar():
    svg = parsed(stacked_bars(["a"], ["p", "q"], np.array([[3, 1]])))
    widths = [float(rect.get("width")) for rect in svg.iter("rect")][2:]
    assert widths[0] == 3 * widths[1]


def test_curves_and_timelines_are_well_formed():
    assert parsed(curve("run", np.array([0.5, 1.0]), np.array([1.0, 0.5]), "9 boxes")).find("polyline") is not None
    assert parsed(curve("run", np.zeros(0), np.zeros(0), "9 boxes")) is not None
    svg = parsed(timeline(100, [("truth", 0, 50, 0, "t"), ("found", 50, 300, 3, "f")]))
    rects = list(svg.iter("rect"))
    assert rects[0].get("width") == rects[1].get("width")
