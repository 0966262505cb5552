import os

import pytest

from yowo.errors import VideoError
from yowo.video.file_facts import file_facts


def test_what_is_known_is_kept_until_the_file_changes(tmp_path):
    path = tmp_path / "v.avi"
    path.write_text("one")
    known = file_facts(path)
    known.decord_agrees = True
    assert file_facts(str(path)) is known and file_facts(path).decord_agrees
    path.write_text("longer")
    assert not file_facts(path).decord_agrees
    os.utime(path, (1, 1))
    changed = file_facts(path)
    changed.decord_agrees = True
    os.utime(path, (2, 2))
    assert not file_facts(path).decord_agrees


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.avi: not a readable video \(No such file"):
        file_facts(tmp_path / "gone.avi")
