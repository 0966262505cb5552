import numpy as np
import pytest

from yowo.inference.labels import Label, Line, cut, digits, draw_label, line_height, piece, place_labels, text_size

SIZE = 11
ORANGE, BLUE = (255, 128, 32), (30, 60, 255)


def label(x, y, actions=1, width=40, height=80, last=None):
    lines = [Line(f"{place} carry/hold (an object)", "0.87", ORANGE) for place in range(actions)]
    return Label((x, y, x + width, y + height), lines, last)


def rectangles(placed):
    found = [place for place in placed if place is not None]
    return np.array([(*place.corner, *np.add(place.corner, place.size)) for place in found])


def overlaps(boxes):
    one, other = np.triu_indices(len(boxes), 1)
    sides = np.minimum(boxes[one, 2:], boxes[other, 2:]) - np.maximum(boxes[one, :2], boxes[other, :2])
    return (sides > 0).all(axis=1)


def test_a_label_stands_above_its_box():
    (placed,) = place_labels([label(100, 100)], (320, 240), SIZE)
    assert placed.corner == (100, 100 - line_height(SIZE)) and placed.lines == 1


def test_a_label_whose_box_touches_the_upper_edge_stands_below_it():
    (placed,) = place_labels([label(100, 0)], (320, 240), SIZE)
    assert placed.corner == (100, 80)


@pytest.mark.parametrize("size", [(320, 240), (1920, 1080), (97, 61)])
def test_labels_hide_no_other_label_and_stay_inside_the_picture(size):
    random = np.random.default_rng(0)
    for people in range(1, 13):
        corners = random.integers(0, np.array(size) // 2, (people, 2)).tolist()  # close together
        labels = [label(x, y, int(random.integers(1, 4)), size[0] // 4, size[1] // 3) for x, y in corners]
        boxes = rectangles(place_labels(labels, size, text_size(min(size))))
        assert not overlaps(boxes).any()
        assert (boxes >= 0).all() and (boxes[:, 2:] <= size).all()


def test_every_person_has_a_label_until_the_picture_is_full():
    crowd = [label(100, 100, 3) for _ in range(12)]
    placed = place_labels(crowd, (320, 240), SIZE)
    assert None not in placed
    assert {place.lines for place in placed} == {1, 3}  # those who come later have their best action only
    full = place_labels([label(5, 30, width=80) for _ in range(8)], (100, 61), SIZE)
    assert full[0] is not None and full[-1] is None


def test_labels_leave_the_heads_of_others_free_where_they_can():
    behind, ahead = label(100, 100), label(100, 80, height=60)  # the head of the one is above the other's box
    first, _ = place_labels([behind, ahead], (320, 240), SIZE)
    y = first.corner[1]
    assert y + first.size[1] <= 80 or y >= 100


def test_a_label_keeps_its_place_while_it_is_free():
    (before,) = place_labels([label(100, 0)], (320, 240), SIZE)
    (after,) = place_labels([label(100, 40, last=before.place)], (320, 240), SIZE)
    assert after.corner == (100, 120)
    (anew,) = place_labels([label(100, 40)], (320, 240), SIZE)
    assert anew.corner[1] < 40


def test_a_name_that_is_too_long_is_cut_and_the_score_stays():
    picture = np.zeros((40, 90, 3), np.uint8)
    one = Label((0, 20, 60, 39), [Line("a very long name of an action", "0.87", ORANGE)])
    (placed,) = place_labels([one], (90, 40), SIZE)
    draw_label(picture, placed, one, SIZE)
    x, y = placed.corner
    score = digits("0.87", ORANGE, SIZE)
    shown = picture[y : y + line_height(SIZE), x + placed.size[0] - score.shape[1] : x + placed.size[0]]
    assert (shown == score).all()
    assert cut("walk", 0, SIZE) == ""


def test_text_is_dark_on_bright_and_bright_on_dark():
    assert piece("walk", ORANGE, 16).min() < 40 < 240 < piece("walk", BLUE, 16).max()
    assert (piece("", ORANGE, 16) == ORANGE).all()


def test_text_grows_with_the_picture():
    assert [text_size(side) for side in (61, 240, 480, 1080)] == [11, 11, 17, 32]
