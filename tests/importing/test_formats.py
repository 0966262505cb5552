import pytest

from tests.make_data import project
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.formats import FORMATS
from yowo.video.video_folder import VideoFolder


def test_the_formats_that_are_promised_are_there():
    assert set(FORMATS) == {"cvat", "coco", "label-studio", "via", "ava-csv", "simple-csv", "ucf24-labels", "mot"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_source_that_is_not_there_is_named(name, tmp_path):
    videos = VideoFolder(project(tmp_path) / "videos")
    with pytest.raises(AnnotationError, match="gone"):
        FORMATS[name](tmp_path / "gone", videos, ImportOptions())


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe binary", b"{", b"<a><b>", b"1,2\n", b"\n\n"])
@pytest.mark.parametrize("name", FORMATS)
def test_garbage_is_one_clear_error_that_names_the_file(name, content, tmp_path):
    videos = VideoFolder(project(tmp_path) / "videos")
    source = tmp_path / ("a.txt" if name == "mot" else "source")
    if name == "ucf24-labels":
        source = tmp_path / "labels" / "walk" / "a" / "00001.txt"
        source.parent.mkdir(parents=True)
    source.write_bytes(content)
    given = tmp_path / "labels" if name == "ucf24-labels" else source
    empty = name in ("mot", "ucf24-labels", "ava-csv") and not content.strip()
    if empty or (name, content) == ("ava-csv", b"1,2\n"):  # without rows, or with a second without a person
        assert FORMATS[name](given, videos, ImportOptions()).rows == []
    else:
        with pytest.raises(AnnotationError, match=r"source|a\.txt|00001\.txt"):
            FORMATS[name](given, videos, ImportOptions())
