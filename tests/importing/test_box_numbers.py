from types import SimpleNamespace

import numpy as np
import pytest

from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions, Place
from yowo.importing.box_numbers import EITHER, add_boxes, corners
from yowo.importing.collecting import Collector
from yowo.projects.table import TableRow


class Films:
    """Videos of 100 x 50 pixels."""

    def probe(self, names):
        return {name: SimpleNamespace(width=100, height=50) for name in names}


def read(numbers, form="xyxy", default=None, videos=None, **options):
    """Boxes in pixels, notes; the rows are "t.csv, row 2" and so on."""
    collector = Collector()
    rows = [
        TableRow(name, 0, tuple(box), "run", "")
        for name, box in zip(videos or "a" * len(numbers), numbers, strict=True)
    ]
    places = [Place("t.csv", f"t.csv, row {line}") for line in range(2, len(rows) + 2)]
    with collector.entry():
        add_boxes(collector, rows, places, Films(), ImportOptions(**options), "t.csv", form, default)
    found = collector.annotated([])
    return [row.box for row in found.rows], found.notes


FRACTIONS = [(0.1, 0.2, 0.5, 0.8), (0.25, 0.5, 0.5, 1.0), (0.0, 0.0, 1.0, 1.0), (0.3, 0.2, 0.5, 0.6)]
PIXELS = [(10, 20, 50, 40), (25.5, 5, 50, 50), (0, 0, 100, 50), (30, 2, 31, 3)]


@pytest.mark.parametrize("odd", [(0.65, 0.1, 1.0031, 0.6), (-0.003, 0.1, 0.5, 0.6), (0.5, 0.1, 1.09, 1.09)])
@pytest.mark.parametrize("times", [1, 4])
def test_a_few_fractions_beyond_the_picture_do_not_make_pixels(odd, times):
    boxes, notes = read(FRACTIONS + [odd] * times)
    assert boxes[0] == pytest.approx((10, 10, 50, 40)) and boxes[-1] == pytest.approx(
        np.array(odd) * (100, 50, 100, 50)
    )
    assert notes[0].startswith("boxes were taken as fractions of the picture") and f"{max(1.0, *odd):g}" in notes[0]


@pytest.mark.parametrize(
    "boxes",
    [PIXELS, [(0, 0, 2, 2), (1, 1, 2, 3)], [(40, 20, 41, 21), (0, 0, 1, 1)], [*PIXELS * 10, (0.2, 0.1, 0.9, 0.8)]],
)
def test_pixels_stay_pixels_tiny_or_not(boxes):
    assert read(boxes) == (boxes, [])


def test_whole_fractions_are_the_whole_picture():
    assert read([(0, 0, 1, 1)])[0] == [(0, 0, 100, 50)]


def test_boxes_without_area_do_not_decide():
    boxes, notes = read([*PIXELS[:1], *[(0.5, 0.5, 0.5, 0.5)] * 9])
    assert boxes == PIXELS[:1] and notes[0].startswith("9 boxes have no area")


@pytest.mark.parametrize(
    ("boxes", "videos"),
    [
        (PIXELS + FRACTIONS[:2], None),
        ([*PIXELS * 20, FRACTIONS[0]], "a" * 80 + "b"),
        ([(0.2, 0.1, 1.5, 1.4), (0.3, 0.2, 1.6, 1.5)], None),
    ],
)
def test_a_table_that_may_be_either_is_refused_with_the_option_that_tells(boxes, videos):
    with pytest.raises(
        AnnotationError, match=r"t\.csv: .* boxes are within 0 to 1.*--units fractions or --units pixels"
    ):
        read(boxes, videos=videos)
    assert len(read(boxes, videos=videos, units="pixels")[0]) == len(boxes)


def test_a_fraction_far_beyond_the_picture_is_damage_unless_fractions_are_asked_for():
    with pytest.raises(AnnotationError, match=r"row 6: box: expected fractions .*0 to 1, got 0\.5,0\.1,1\.5,1; give"):
        read([*FRACTIONS, (0.5, 0.1, 1.5, 1)])
    assert read([*FRACTIONS, (0.5, 0.1, 1.5, 1)], units="fractions")[0][-1] == (50, 5, 150, 50)
    with pytest.raises(AnnotationError, match=r"row 6: box: expected fractions .*, got 5,1,50,40$"):
        read([*FRACTIONS, (5, 1, 50, 40)], units="fractions")
    assert read([PIXELS[0]], default="fractions", units="pixels")[0] == [PIXELS[0]]


def test_forms_become_corners():
    box = np.array([[10.0, 20.0, 4.0, 6.0]])
    assert [corners(box, form).tolist()[0] for form in ("xyxy", "xywh", "cxcywh")] == [
        [10, 20, 4, 6], [10, 20, 14, 26], [8, 17, 12, 23],
    ]  # fmt: skip


CENTRED = [(0.9, 0.5, 0.2, 0.4), (0.5, 0.85, 0.2, 0.3), (0.5, 0.5, 0.9, 0.9), (0.2, 0.3, 0.1, 0.1)]


@pytest.mark.parametrize("scale", [(1, 1, 1, 1), (100, 50, 100, 50)])
def test_centres_are_known_by_what_would_leave_the_picture(scale):
    boxes, notes = read((np.array(CENTRED) * scale).tolist(), EITHER)
    assert np.allclose(boxes[0], (80, 15, 100, 35)) and "3 boxes would leave the picture" in notes[-1]
    cornered = corners(np.array(CENTRED), "cxcywh")
    cornered[:, 2:] -= cornered[:, :2]
    boxes, notes = read((cornered * scale).tolist(), EITHER)
    assert np.allclose(boxes[0], (80, 15, 100, 35)) and not any("x, y" in note for note in notes)


def test_where_both_fit_the_corner_is_taken_and_said_and_where_neither_does_the_option_is_asked_for():
    boxes, notes = read([(40, 20, 10, 10)], EITHER)
    assert boxes == [(40, 20, 50, 30)] and "--boxes cxcywh" in notes[0]
    with pytest.raises(AnnotationError, match="1 of 2 boxes leave the picture as corners, 1 as centres: give --boxes"):
        read([(95, 20, 10, 10), (0, 20, 20, 10)], EITHER)
    assert read([(95, 20, 10, 10), (0, 20, 20, 10)], EITHER, boxes="xywh")[0][1] == (0, 20, 20, 30)


def test_sizes_in_the_place_of_corners_are_told_and_single_reversed_rows_are_damage():
    sizes = [(60, 20, 20, 10), (50, 18, 20, 30), (20, 16, 25, 30)]
    with pytest.raises(
        AnnotationError, match=r"row 2: .*got 60,20,20,10; 2 of 3 boxes .*--boxes xywh or --boxes cxcywh"
    ):
        read(sizes)
    assert read(sizes, boxes="xywh")[0][0] == (60, 20, 80, 30)
    with pytest.raises(AnnotationError, match=r"row 42: expected x1 < x2 and y1 < y2, got 60,20,50,30$"):
        read([*PIXELS * 10, (60, 20, 50, 30)])
    with pytest.raises(AnnotationError, match=r"row 3: expected x1 < x2 and y1 < y2, got 60,20,50,-3$"):
        read([PIXELS[0], (60, 20, 50, -3)])
