import numpy as np
import pytest

from tests.reference.ciede2000_reference import colour_difference
from yowo.inference.colours import INKS, NEUTRAL, PEOPLE, class_colour, identity_colour, ink_on


def least_difference(colours):
    every = np.array(colours, np.uint8)
    one, other = np.triu_indices(len(every), 1)
    return colour_difference(every[one], every[other]).min()


@pytest.mark.parametrize(("count", "least"), [(8, 20), (12, 15), (24, 10), (80, 6)])
def test_colours_of_classes_and_people_can_be_told_apart(count, least):
    """CIEDE2000 of about 2.3 is just noticed side by side; golden hues gave 1.7 for 24 classes (8, 13, 21)."""
    assert least_difference([class_colour(label) for label in range(count)]) > least
    assert least_difference([identity_colour(number) for number in range(1, min(count, PEOPLE) + 1)]) > least


def test_no_colour_of_a_class_looks_like_the_neutral_one_or_like_ground_truth():
    for other in (NEUTRAL, (255, 255, 255)):
        pairs = np.array([(class_colour(label), other) for label in range(24)], np.uint8)
        assert colour_difference(pairs[:, 0], pairs[:, 1]).min() > 5


def contrast(one, other):
    light = [((np.array(c) / 255) ** 2.2) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (one, other)]
    return max(light) / min(light)


def test_text_is_legible_on_every_colour():
    for colour in [class_colour(label) for label in range(128)]:
        assert ink_on(colour) in INKS
        assert contrast(ink_on(colour), colour) > 4.2


def test_the_difference_that_is_tested_with_is_the_published_one():
    """Pairs of Sharma, Wu and Dalal (2005) are in L*a*b*; these are black, white, and red beside green."""
    given = np.array([[0, 0, 0], [255, 0, 0]], np.uint8), np.array([[255, 255, 255], [0, 255, 0]], np.uint8)
    assert colour_difference(*given) == pytest.approx([100, 86.6], abs=0.1)
