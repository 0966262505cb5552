import pytest

from yowo.importing.annotated import Annotated, Place
from yowo.importing.overlaps import join_overlaps
from yowo.projects.table import TableRow


def job(document, track, frames, x=0.0, label="run", step=2.0, y=5.0, video="a"):
    """Rows of a person of 20 x 30 pixels who moves `step` pixels a frame, at `x` on frame 0."""
    return [
        (
            TableRow(video, frame, (x + step * frame, y, x + step * frame + 20.0, y + 30.0), label, track),
            Place(document, f"{document}: track {track}, frame {frame}"),
        )
        for frame in frames
    ]


def joined(*jobs):
    both = [entry for one in jobs for entry in one]
    return join_overlaps(Annotated([row for row, _ in both], ("run",), [], [place for _, place in both]))


def frames_of(found):
    tracks = {}
    for row in found.rows:
        tracks.setdefault(row.track, []).append(row.frame)
    return tracks


@pytest.mark.parametrize(("x", "y"), [(0.0, 5.0), (0.004, 5.0), (1.5, 4.0)])
def test_the_halves_of_a_track_are_joined_over_the_shared_frames(x, y):
    found = joined(job("one", "0", range(12)), job("two", "3", range(7, 20), x=x, y=y))
    assert frames_of(found) == {"0": list(range(20))}
    boxes = {row.frame: row.box for row in found.rows}
    assert boxes[11] == (22.0, 5.0, 42.0, 35.0) and boxes[12][:2] == (24.0 + x, y)
    assert found.notes[0] == (
        "1 tracks go on in another file and were joined; the first: two: track 3, frame 7 continues one: track 0, frame 0"
    )
    assert found.notes[1].startswith(
        "5 boxes are in two files and were left out of one; the first: two: track 3, frame 7"
    )
    assert len(found.notes) == 2 and len(found.places) == 20


def test_several_people_and_more_than_two_jobs():
    """Numbers of tracks differ between the jobs, and a person may only be in the first or the last of them."""
    found = joined(
        job("one", "0", range(10)), job("one", "1", range(10), x=100), job("one", "2", range(3), x=200),
        job("two", "3", range(5, 18), x=100), job("two", "4", range(5, 18)),
        job("three", "5", range(13, 22), x=300), job("three", "6", range(13, 22)),
    )  # fmt: skip
    assert frames_of(found) == {
        "0": list(range(22)), "1": list(range(18)), "2": [0, 1, 2], "5": list(range(13, 22)),
    }  # fmt: skip


def test_jobs_that_number_their_tracks_alike_keep_their_people_apart():
    found = joined(
        job("one", "0", range(10)), job("one", "1", range(6), x=100),
        job("two", "0", range(8, 20), x=200), job("two", "1", range(8, 20)),
    )  # fmt: skip
    assert frames_of(found) == {"0": list(range(20)), "1": list(range(6)), "1-0": list(range(8, 20))}


@pytest.mark.parametrize("shift", [4.0, 6.0, 12.0])
def test_people_whose_boxes_merely_overlap_are_never_joined(shift):
    found = joined(job("one", "0", range(12)), job("two", "1", range(7, 20), x=shift))
    assert len(found.rows) == 25 and set(frames_of(found)) == {"0", "1"} and not found.notes


def test_people_who_meet_on_some_of_the_shared_frames_stay_two():
    found = joined(job("one", "0", range(12)), job("two", "1", range(12), x=14.0, step=0.0))
    assert len(found.rows) == 24 and set(frames_of(found)) == {"0", "1"}


def test_close_people_in_both_jobs_keep_the_best_matching():
    found = joined(
        job("one", "0", range(12)), job("one", "1", range(12), x=2.0),
        job("two", "2", range(7, 20), x=1.8), job("two", "3", range(7, 20), x=0.2),
    )  # fmt: skip
    assert frames_of(found) == {"0": list(range(20)), "1": list(range(20))}
    assert {row.track: row.box[0] for row in found.rows if row.frame == 19} == {"0": 38.2, "1": 39.8}


def test_a_person_whom_one_job_shows_in_two_parts_is_one():
    found = joined(job("one", "0", range(20)), job("two", "1", range(8, 12)), job("two", "2", range(15, 30)))
    assert frames_of(found) == {"0": list(range(30))}


def test_tracks_of_one_file_are_not_touched():
    found = joined(job("one", "0", range(5)), job("one", "1", range(5)))
    assert frames_of(found) == {"0": list(range(5)), "1": list(range(5))} and not found.notes


def test_a_label_that_differs_on_shared_frames_is_the_one_of_the_first_file():
    found = joined(job("one", "0", range(12)), job("two", "1", range(7, 20), label="fall"))
    assert [row.label for row in sorted(found.rows, key=lambda row: row.frame)] == ["run"] * 12 + ["fall"] * 8
    assert found.notes[2].startswith("5 of these boxes have another label in the other file")


def test_files_for_different_classes_of_the_same_people_add_up():
    found = joined(job("one", "0", range(12)), job("two", "1", range(12), label="sing"))
    assert len(found.rows) == 24 and {row.track for row in found.rows} == {"0"}
    assert found.notes[-1].startswith("12 boxes are in two files with different labels, and both labels were kept")


def test_people_who_do_several_things_keep_the_labels_of_all_files():
    both = job("one", "0", range(6)) + job("one", "0", range(6), label="sing")
    found = joined(both, job("two", "1", range(3, 9), label="wave"), job("two", "1", range(3, 9)))
    assert sorted(row.label for row in found.rows if row.frame == 4) == ["run", "sing", "wave"]


def test_boxes_without_tracks_are_doubles_too():
    found = joined(job("one", "", range(12)), job("two", "", range(7, 20), x=1.0))
    assert sorted(row.frame for row in found.rows) == list(range(20)) and {row.track for row in found.rows} == {""}
    assert found.notes[0].startswith("5 boxes are in two files")


def test_files_of_single_frames_keep_their_common_tracks():
    found = joined(*(job(f"frame{frame}", "7", [frame]) for frame in range(4)))
    assert frames_of(found) == {"7": [0, 1, 2, 3]} and not found.notes
