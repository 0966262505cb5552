import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import Place
from yowo.importing.collecting import Collector, DamagedSourceError, parsed_box, problems_of
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder


def collected(*boxes):
    collector = Collector()
    for line, box in enumerate(boxes, 2):
        with collector.entry():
            collector.add(TableRow("a", 0, box, "run", ""), Place("t.csv", f"t.csv, row {line}"))
    return collector


def test_boxes_without_area_are_left_out_and_counted():
    found = collected((1, 2, 5, 6), (5, 2, 5, 6), (1, 2, 5, 1.9999)).annotated(["run"])
    assert [row.box for row in found.rows] == [(1, 2, 5, 6)] and found.places == [Place("t.csv", "t.csv, row 2")]
    assert found.notes == ["2 boxes have no area and were left out; the first: t.csv, row 3: 5,2,5,6"]


def test_all_damage_is_in_one_list():
    collector = collected((5, 2, 1, 6), (1, 2, 5, 6), (1, float("nan"), 5, 6))
    with pytest.raises(
        DamagedSourceError, match=r"2 problems, nothing was written:\n  t\.csv, row 2: .*\n  t\.csv, row 4"
    ):
        collector.annotated(["run"])


def test_a_single_problem_is_one_line_and_a_long_list_is_cut():
    with pytest.raises(
        DamagedSourceError, match=r"^t\.csv, row 2: expected x1 < x2 and y1 < y2, got 5,2,1,6$"
    ) as caught:
        collected((5, 2, 1, 6)).annotated([])
    assert problems_of(caught.value) == ("t.csv, row 2: expected x1 < x2 and y1 < y2, got 5,2,1,6",)
    assert problems_of(AnnotationError("x")) == ("x",)
    with pytest.raises(DamagedSourceError, match="25 problems") as caught:
        collected(*[(5, 2, 1, 6)] * 25).annotated([])
    lines = str(caught.value).splitlines()
    assert len(lines) == 22 and lines[-1] == "  ... and 5 more" and len(problems_of(caught.value)) == 25


def test_an_unknown_video_is_listed_once(tmp_path):
    write_video(tmp_path / "a.mp4", pictures(2, 0))
    videos, collector, found = VideoFolder(tmp_path), Collector(), []
    for line, name in enumerate(["z", "a", "z", "a.mp4"], 2):
        with collector.entry():
            found.append(collector.video(videos, name, f"t.csv, row {line}"))
    assert found == ["a", "a"]
    with pytest.raises(DamagedSourceError, match=r"^t\.csv, row 2: .* has no video 'z'"):
        collector.require()


@pytest.mark.parametrize("texts", [["1", "2", "3"], ["1", "2", "3", "wide"], ["1", "2", "3", "inf"], []])
def test_a_box_is_four_finite_numbers(texts):
    with pytest.raises(AnnotationError, match=r"row 2: expected four (finite )?numbers for the box, got"):
        parsed_box(texts, "row 2")


def test_problems_are_listed_in_the_order_of_the_file():
    collector = Collector()
    for words in ("b.csv, row 1: x", "a.csv, row 10: x", "a.csv, row 9: x"):
        with collector.entry():
            raise AnnotationError(words)
    with pytest.raises(DamagedSourceError, match="3 problems") as caught:
        collector.require()
    assert [problem[:-3] for problem in problems_of(caught.value)] == ["a.csv, row 9", "a.csv, row 10", "b.csv, row 1"]


def test_a_frequent_problem_does_not_hide_a_rare_one():
    collector = collected(*[(5, 2, 1, 6)] * 30)
    with collector.entry():
        raise AnnotationError("z.csv, row 1: add a column")
    with pytest.raises(
        DamagedSourceError, match=r"(?s)31 problems.*row 2: .*z\.csv, row 1: add a column\n.*and 11 more"
    ):
        collector.require()
