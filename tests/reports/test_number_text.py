import math

import pytest

from yowo.reports.number_text import number, percent


@pytest.mark.parametrize(("fraction", "text"), [(0.12345, "12.35"), (1, "100.00"), (None, "–"), (math.nan, "–")])
def test_fractions_are_percent_and_unknown_ones_a_dash(fraction, text):
    assert percent(fraction) == text


def test_numbers_have_the_form_that_is_asked_for():
    assert number(3, ".1f") == "3.0" and number(None, ".1f") == "–" and number(math.nan, "d") == "–"
