from yowo.importing.annotated import Annotated, Place
from yowo.importing.row_numbers import without_row_numbers
from yowo.projects.table import TableRow


def rows(*entries):
    """Entries are frame, x, track[, label[, video]]."""
    made = []
    for frame, x, track, *more in entries:
        label, video = [*more, "run", "a"][: len(more)] + ["run", "a"][len(more) :]
        made.append(TableRow(video, frame, (x, 0.0, x + 20.0, 30.0), label, track))
    places = [Place("t.csv", f"t.csv, row {number}") for number in range(2, len(made) + 2)]
    return Annotated(made, ("run",), [], places)


def tracks(read):
    return [row.track for row in without_row_numbers(read).rows]


def test_numbers_that_never_come_back_are_no_tracks():
    found = without_row_numbers(rows((0, 0, "1"), (1, 1, "2"), (2, 2, "3")))
    assert [row.track for row in found.rows] == ["", "", ""]
    assert found.notes[0].startswith("tracks were taken for numbers of rows, since none of 3 has a second frame")
    assert "t.csv, row 2" in found.notes[0]


def test_they_may_begin_again_in_each_video_and_stand_for_several_labels():
    assert tracks(rows((0, 0, "1"), (1, 1, "2"), (0, 0, "1", "run", "b"), (1, 1, "2", "run", "b"))) == [""] * 4
    assert tracks(rows((0, 0, "1"), (0, 0, "1", "sing"), (1, 1, "2"))) == [""] * 3


def test_one_number_that_comes_back_makes_them_tracks():
    assert tracks(rows((0, 0, "1"), (1, 1, "2"), (2, 2, "2"))) == ["1", "2", "2"]


def test_people_on_single_frames_stay_as_they_are():
    assert tracks(rows((0, 0, "1"), (0, 40, "2"), (0, 0, "1", "run", "b"))) == ["1", "2", "1"]
    assert tracks(rows((0, 0, "1"), (1, 40, "2"))) == ["1", "2"]
    assert tracks(rows((0, 0, ""), (1, 0, ""))) == ["", ""]


def test_numbers_that_count_the_boxes_of_each_frame_are_no_tracks():
    """The order of two people changes from frame to frame, as that of a detector's boxes by score."""
    entries = [(frame, x, str(number)) for frame in range(8) for number, x in enumerate((0, 80)[:: (-1) ** frame])]
    found = without_row_numbers(rows(*entries))
    assert {row.track for row in found.rows} == {""}
    assert found.notes[0].startswith("tracks were taken for numbers of boxes within a frame, since they jump")


def test_people_who_are_numbered_from_zero_keep_their_tracks():
    steady = [(frame, x + frame, track) for frame in range(8) for track, x in (("0", 0), ("1", 80))]
    quick = [(frame, (x + 50 * frame) % 400, track) for frame in range(8) for track, x in (("0", 0), ("1", 25))]
    assert tracks(rows(*steady)) == ["0", "1"] * 8 and tracks(rows(*quick)) == ["0", "1"] * 8
