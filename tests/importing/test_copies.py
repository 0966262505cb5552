from yowo.importing.annotated import Annotated, Place
from yowo.importing.copies import without_copies
from yowo.projects.table import TableRow


def annotated(*entries):
    """Entries are document, track, label, x, frames."""
    rows, places = [], []
    for document, track, label, x, frames in entries:
        for frame in frames:
            rows.append(TableRow("a", frame, (float(x), 0.0, x + 20.0, 30.0), label, track))
            places.append(Place(document, f"{document}: track {track}, frame {frame}"))
    return Annotated(rows, ("run", "sing"), [], places)


def kept(*entries):
    found = without_copies(annotated(*entries))
    assert len(found.rows) == len(found.places)
    return [(place.document, row.track, row.frame) for row, place in zip(found.rows, found.places, strict=True)]


def test_the_same_export_read_three_times_counts_once():
    read = annotated(*[(name, f"{number}", "run", 3, range(4)) for number, name in enumerate(("x", "y", "z"))])
    found = without_copies(read)
    assert [(row.frame, row.track) for row in found.rows] == [(frame, "0") for frame in range(4)]
    assert found.notes == [
        "8 boxes are exact copies and were left out; the first: y: track 1, frame 0 (a copy of x: track 0, frame 0; "
        "frame 0 of a)"
    ]


def test_rows_that_a_file_repeats_count_once_with_and_without_a_track():
    assert kept(("x", "1", "run", 3, (0, 1)), ("x", "1", "run", 3, (1, 1))) == [("x", "1", 0), ("x", "1", 1)]
    assert kept(("x", "", "run", 3, (0, 1)), ("y", "", "run", 3, (1, 2))) == [
        ("x", "", 0), ("x", "", 1), ("y", "", 2),
    ]  # fmt: skip
    assert kept(("x", "", "run", 3, (0,)), ("x", "1", "run", 3, (0, 1))) == [("x", "1", 0), ("x", "1", 1)]


def test_a_track_within_another_one_is_a_copy_whichever_comes_first():
    long, short = ("x", "1", "run", 3, range(5)), ("y", "2", "run", 3, (2, 3))
    assert kept(long, short) == kept(short, long) == [("x", "1", frame) for frame in range(5)]


def test_people_whose_boxes_are_equal_for_a_moment_stay_two():
    assert len(kept(("x", "1", "run", 3, (0, 1)), ("x", "2", "run", 3, (1, 2)))) == 4


def test_another_class_of_the_same_box_is_no_copy():
    assert len(kept(("x", "1", "run", 3, (0,)), ("x", "1", "sing", 3, (0,)), ("y", "", "sing", 3, (1,)))) == 3
