import json

import pytest

from yowo.errors import DatasetError
from yowo.storage.manifest import PreparedVideo, read_manifest, read_recipe, write_manifest
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import MANIFEST

VIDEO = PreparedVideo("videos/a.mkv", 10, 123456789012345678, (1280, 720), (456, 256), 7, "abc", 5)
RECIPE = Recipe(128, 4, 30, "slow")


def test_a_written_manifest_is_read_back(tmp_path):
    write_manifest(tmp_path, RECIPE, {"videos/b.mp4": VIDEO, "a.mp4": VIDEO})
    assert read_recipe(tmp_path) == RECIPE
    assert read_manifest(tmp_path) == {"a.mp4": VIDEO, "videos/b.mp4": VIDEO}
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    assert list(read_manifest(tmp_path)) == ["a.mp4"]


def test_a_folder_that_was_not_prepared_is_an_error(tmp_path):
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
def test_a_damaged_manifest_is_an_error(tmp_path, change):
    write_manifest(tmp_path, RECIPE, {"a.mp4": VIDEO})
    path = tmp_path / MANIFEST
    path.write_text(change(json.loads(path.read_text())))
    with pytest.raises(DatasetError, match=r"prepared\.json: damaged \(.*\); remove it and prepare again"):
        read_manifest(tmp_path)


def test_a_manifest_of_a_later_version_is_an_error(tmp_path):
    write_manifest(tmp_path, RECIPE, {})
    path = tmp_path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(DatasetError, match="expected format 1, got 2; update yowo"):
        read_recipe(tmp_path)


def test_an_unwritable_folder_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match=r"none/prepared\.json: cannot be written \(No such file or directory\)"):
        write_manifest(tmp_path / "none", RECIPE, {})
