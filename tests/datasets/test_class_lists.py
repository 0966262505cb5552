import pytest

from yowo.datasets.class_lists import class_names
from yowo.errors import AnnotationError


def test_each_protocol_has_its_classes():
    assert len(class_names("ucf24")) == 24 and class_names("ucf24")[1] == "Basketball"
    assert len(class_names("jhmdb21")) == 21 and class_names("jhmdb21")[21] == "wave"
    ava = class_names("ava")
    assert len(ava) == 60 and ava[80] == "watch (a person)" and 2 not in ava


def test_a_user_list_replaces_them(tmp_path):
    (tmp_path / "mine.txt").write_text("run\n\njump\n")
    (tmp_path / "mine.pbtxt").write_text('item { name: "sit" id: 11 }\nitem { name: "bend" id: 1 }')
    assert class_names("ucf24", tmp_path / "mine.txt") == {1: "run", 2: "jump"}
    assert class_names("ava", tmp_path / "mine.pbtxt") == {1: "bend", 11: "sit"}


def test_unknown_protocols_and_bad_lists_are_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"protocol kinetics: expected one of ucf24, jhmdb21, ava"):
        class_names("kinetics")
    with pytest.raises(AnnotationError, match=r"no\.txt: class list not found"):
        class_names("ucf24", tmp_path / "no.txt")
    (tmp_path / "twice.txt").write_text("run\nrun\n")
    with pytest.raises(AnnotationError, match=r"twice\.txt: expected one class name per line, without duplicates"):
        class_names("ucf24", tmp_path / "twice.txt")
