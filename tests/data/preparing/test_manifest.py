import json

import pytest

from yowo.data.preparing.manifest import (
    MANIFEST,
    PreparedVideo,
    annotated_size,
    original_size,
    read_manifest,
    read_recipe,
    write_manifest,
)
from yowo.errors import DatasetError
from yowo.video.probe import VideoInfo
from yowo.video.transcoder import Recipe

VIDEO = PreparedVideo("videos/a.mkv", 10, 123456789012345678, (1280, 720), (456, 256), 7, "abc", 5)
RECIPE = Recipe(128, 4, 30, "slow")


def test_what_is_written_is_read(tmp_path):
    write_manifest(tmp_path, RECIPE, {"videos/b.mp4": VIDEO, "a.mp4": VIDEO})
    assert read_recipe(tmp_path) == RECIPE
    assert read_manifest(tmp_path) == {"a.mp4": VIDEO, "videos/b.mp4": VIDEO}
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    assert list(read_manifest(tmp_path)) == ["a.mp4"]


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


def test_a_folder_that_was_not_prepared_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"expected a folder made by yowo data prepare; prepared\.json is not there"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps({**content, "videos": {"a.mp4": {"source": "a"}}}),
        lambda content: json.dumps({key: value for key, value in content.items() if key != "gop"}),
        lambda content: json.dumps({**content, "videos": {"a.mp4": {**content["videos"]["a.mp4"], "size": [1]}}}),
    ],
)
def test_a_damaged_manifest_is_told(tmp_path, change):
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    path = tmp_path / MANIFEST
    path.write_text(change(json.loads(path.read_text())))
    with pytest.raises(DatasetError, match=r"prepared\.json: damaged \(.*\); remove it and prepare again"):
        original_size(tmp_path / "a.mp4")


def test_a_manifest_of_a_later_yowo_is_told(tmp_path):
    write_manifest(tmp_path, RECIPE, {})
    path = tmp_path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(DatasetError, match="expected format 1, got 2; update yowo"):
        read_recipe(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"none/prepared\.json: cannot be written \(No such file or directory\)"):
        write_manifest(tmp_path / "none", RECIPE, {})
