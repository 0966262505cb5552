import numpy as np
import pytest

from yowo.errors import AnnotationError, DatasetError
from yowo.projects.project import (
    Facts,
    box_sizes,
    check_layout,
    read_extents,
    read_facts,
    read_split,
    several_at_once,
    split_names,
    write_extents,
    write_facts,
)
from yowo.projects.table import Extent, TableRow


def row(video="a", frame=0, box=(0.0, 0.0, 10.0, 10.0), label="walk", track="1"):
    return TableRow(video, frame, box, label, track)


def test_facts_are_read_as_written(tmp_path):
    facts = Facts(("walk, slowly", "no", "3"), True, [[0.1, 0.2], [0.5, 1.0]])
    write_facts(tmp_path / "dataset.yaml", facts)
    assert read_facts(tmp_path) == facts


def test_missing_facts_are_none(tmp_path):
    assert read_facts(tmp_path) == Facts()
    (tmp_path / "dataset.yaml").write_text("# nothing yet\n")
    assert read_facts(tmp_path) == Facts()
    write_facts(tmp_path / "dataset.yaml", Facts(multi_label=False))
    assert read_facts(tmp_path) == Facts(multi_label=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("classes: [a, a]", r"dataset\.yaml: classes: expected a list of unique names, got \['a'\]"),
        ("classes: walk", r"classes: expected a list of unique names, got 'walk'"),
        ("multi_label: perhaps", "multi_label: expected true or false, got 'perhaps'"),
        ("anchors: [[0.1, 2]]", "anchors: expected pairs of fractions greater than 0 and at most 1"),
        ("anchors: [1, 2]", "anchors: expected pairs"),
        ("names: [a]", "expected the keys classes, multi_label, anchors, got names"),
        ("[a, b]", "expected the keys"),
        ("a: [", "expected YAML"),
    ],
)
def test_invalid_facts_are_errors_that_name_the_key(tmp_path, text, words):
    (tmp_path / "dataset.yaml").write_text(text)
    with pytest.raises(AnnotationError, match=words):
        read_facts(tmp_path)


def test_lengths_and_sizes_are_read_as_written(tmp_path):
    extents = {"a": Extent(12, (64, 48)), "far/b, c": Extent(1, (1280, 720))}
    assert read_extents(tmp_path) == {}
    write_extents(tmp_path / "videos.csv", extents)
    assert read_extents(tmp_path) == extents


def test_wrong_lengths_are_named(tmp_path):
    (tmp_path / "videos.csv").write_text("video,frames,width,height\na,10,64,48\nb,ten,64,48\n")
    with pytest.raises(AnnotationError, match=r"videos\.csv, row 3: expected video,frames,width,height"):
        read_extents(tmp_path)
    (tmp_path / "videos.csv").write_text("video,frames,width,height\na,0,64,48\n")
    with pytest.raises(AnnotationError, match="row 2: expected frames, width and height of at least 1"):
        read_extents(tmp_path)


def test_splits_come_from_both_files_or_are_chosen_automatically(tmp_path):
    rows = [row(video) for video in "abcdef"]
    chosen = split_names(tmp_path, rows)
    assert sorted(chosen["train"] + chosen["val"]) == list("abcdef") and chosen["val"]
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "train.txt").write_text("a\n\nb \n")
    with pytest.raises(DatasetError, match=r"train\.txt exists but val\.txt is missing; create it"):
        split_names(tmp_path, rows)
    (tmp_path / "splits" / "val.txt").write_text("c")
    assert split_names(tmp_path, rows) == {"train": ["a", "b"], "val": ["c"]}
    assert read_split(tmp_path, "train") == ["a", "b"]


def test_who_does_several_things_at_once_is_found():
    assert several_at_once([row(), row(frame=1, label="sit"), row(track="2", box=(1, 0, 9, 9), label="sit")]) is None
    found = several_at_once([row(), row(label="sit")])
    assert found is not None and found.label == "sit"


def test_sizes_are_fractions_inside_the_picture_once_a_person():
    rows = [row(box=(-10, 0, 32, 24)), row(box=(-10, 0, 32, 24), label="sit"), row(video="gone")]
    sizes = box_sizes(rows, {"a": Extent(9, (64, 48))})
    assert np.allclose(sizes, [[0.5, 0.5]])


def test_the_layout_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"expected annotations\.csv and videos/.*missing: annotations\.csv, videos"):
        check_layout(tmp_path)
