from yowo.importing.annotated import Annotated, Place
from yowo.importing.fitting import fit_rows, places_of, with_rows
from yowo.projects.table import Extent, TableRow

EXTENTS = {"a": Extent(10, (64, 48))}


def row(box, frame=0):
    return TableRow("a", frame, box, "run", "1")


def fit(*rows):
    places = [Place("t.csv", f"t.csv, row {number}") for number in range(len(rows))]
    return fit_rows(Annotated(list(rows), ("run",), ["before"], places), EXTENTS)


def test_boxes_are_clipped_and_the_first_is_named():
    found = fit(row((1, 2, 5, 6)), row((-0.03, 2, 64.2, 6)), row((1, 2, 70, 50)))
    assert [r.box for r in found.rows] == [(1, 2, 5, 6), (0, 2, 64, 6), (1, 2, 64, 48)] and len(found.places) == 3
    assert found.notes == [
        "before",
        "2 boxes extended beyond the picture and were clipped to it; the first: t.csv, row 1: -0.03,2,64.2,6 on frame "
        "0 of a (64 x 48)",
    ]


def test_rounding_is_no_clipping():
    found = fit(row((-1e-9, 2, 64.000001, 6)))
    assert [r.box for r in found.rows] == [(0, 2, 64, 6)] and found.notes == ["before"]


def test_what_no_frame_shows_is_left_out_and_counted_by_reason():
    found = fit(row((70, 2, 80, 6)), row((1, 2, 5, 6), frame=10), row((1, 2, 1.004, 6)), row((1, 2, 5, 6)))
    assert len(found.rows) == 1 and found.places == [Place("t.csv", "t.csv, row 3")]
    assert [note.split(";")[0] for note in found.notes[1:]] == [
        "1 boxes lie outside the picture and were left out",
        "1 boxes were skipped",
        "1 boxes have no area and were left out",
    ]


def test_rows_without_a_place_are_named_by_video_and_frame():
    read = Annotated([row((1, 2, 5, 6), frame=3)], ("run",), ["x"])
    assert places_of(read) == [Place("", "a, frame 3")]
    assert with_rows(read, [], [], "y") == Annotated([], ("run",), ["x", "y"], [])
