import pytest

from tests.inference.outputs.made_frames import facts, tracked
from yowo.inference.outputs.frame_output import OutputRow, is_complete, resting_place, rows_of


@pytest.mark.parametrize(("length", "frames", "complete"), [(5, 5, True), (5, 4, False), (None, 0, True), (0, 0, True)])
def test_an_output_is_complete_with_all_frames_of_its_source(length, frames, complete):
    assert is_complete(facts(length), frames) is complete


def test_what_is_incomplete_rests_beside_an_earlier_file_only(tmp_path):
    path = tmp_path / "a.npz"
    assert resting_place(path, facts(5), 3) == path
    path.touch()
    assert resting_place(path, facts(5), 3) == tmp_path / "a.unfinished.npz"
    assert resting_place(path, facts(5), 5) == path


def test_a_frame_has_a_row_for_each_box_and_class():
    rows = [((1, 2, 3, 4), 0.5, 2, 7, 1), ((5, 6, 7, 8), 0.25, 0, 0, 0)]
    assert list(rows_of(tracked(3, rows))) == [OutputRow([*map(float, row[0])], *row[1:]) for row in rows]
    assert list(rows_of(tracked(3, []))) == []
