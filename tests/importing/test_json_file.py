import pytest

from yowo.errors import AnnotationError
from yowo.importing.json_file import read_json


def test_a_byte_order_mark_is_no_part_of_the_content(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": [1]}')
    assert read_json(path) == {"a": [1]}


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_named_with_what_is_wanted(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(AnnotationError, match=r"a\.json: expected JSON: .*; export it as COCO$"):
        read_json(tmp_path / "a.json", "export it as COCO")
    with pytest.raises(AnnotationError, match=r"a\.json: expected JSON: [^;]*$"):
        read_json(tmp_path / "a.json")


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    with pytest.raises(AnnotationError, match=r"gone\.json: expected a JSON file \(No such file"):
        read_json(tmp_path / "gone.json")
