import pytest

from yowo.errors import AnnotationError
from yowo.importing.annotated import Place
from yowo.importing.class_numbers import named_rows
from yowo.importing.collecting import Collector
from yowo.projects.table import TableRow


def named(*labels):
    collector = Collector()
    rows = [TableRow("a", 0, (0, 0, 1, 1), label, "") for label in labels]
    places = [Place("t", f"row {number}") for number in range(len(labels))]
    found, origins = named_rows(collector, rows, places, ("sit", "jump"))
    return [row.label for row in found], [place.entry for place in origins], collector


def test_numbers_count_from_one_or_from_zero_if_one_is_zero():
    assert named("1", "2", "jump")[0] == ["sit", "jump", "jump"]
    labels, _, collector = named("1", "0.0")
    assert labels == ["jump", "sit"] and collector.annotated([]).notes == ["class numbers count from 0"]


def test_what_is_no_class_is_a_problem():
    labels, entries, collector = named("1", "3", "stand", "1.5")
    assert labels == ["sit"] and entries == ["row 0"]
    with pytest.raises(
        AnnotationError, match=r"3 problems.*\n  row 1: class: expected 1 to 2, got 3; .*--classes FILE"
    ):
        collector.require()
