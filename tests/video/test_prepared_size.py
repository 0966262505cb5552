import json

import pytest

from yowo.errors import DatasetError
from yowo.storage.manifest import PreparedVideo, write_manifest
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import MANIFEST, annotated_size, original_size
from yowo.video.probe import VideoInfo

VIDEO = PreparedVideo("videos/a.mkv", 10, 123456789012345678, (1280, 720), (456, 256), 7, "abc", 5)
RECIPE = Recipe(128, 4, 30, "slow")


def test_the_original_size_of_a_copy_is_found_from_its_path(tmp_path, monkeypatch):
    write_manifest(tmp_path, RECIPE, {"videos/far/b.mp4": VIDEO})
    (tmp_path / "videos" / "far").mkdir(parents=True)
    assert original_size(tmp_path / "videos" / "far" / "b.mp4") == (1280, 720)
    assert original_size(tmp_path / "videos" / "c.mp4") is None
    assert original_size(tmp_path.parent / "b.mp4") is None
    monkeypatch.chdir(tmp_path / "videos")
    assert original_size("far/b.mp4") == (1280, 720)
    (tmp_path.parent / "linked").symlink_to(tmp_path / "videos")
    assert original_size(tmp_path.parent / "linked" / "far" / "b.mp4") == (1280, 720)


def test_boxes_count_in_the_original_where_there_is_one(tmp_path):
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    info = VideoInfo(7, 25.0, 456, 256, "decord")
    assert annotated_size(tmp_path / "a.mp4", info) == (1280, 720)
    assert annotated_size(tmp_path / "b.mp4", info) == (456, 256)


def test_a_damaged_size_is_told_to_those_who_ask_for_it(tmp_path):
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    content = json.loads((tmp_path / MANIFEST).read_text())
    content["videos"]["a.mp4"]["original_size"] = [1]
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r"prepared\.json: damaged \(.*\); remove it and prepare again"):
        original_size(tmp_path / "a.mp4")
