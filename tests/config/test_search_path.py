from hydra import compose
from hydra.core.global_hydra import GlobalHydra

from yowo.config.conf_files import ConfigFolders
from yowo.config.search_path import composer


def test_the_packages_configurations_come_before_a_users(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "yowo.yaml").write_text("# @package _global_\nmodel: {name: other}\n")
    (tmp_path / "model" / "mine.yaml").write_text("# @package _global_\nmodel: {name: mine}\n")
    with composer("train", ConfigFolders(own=f"file://{tmp_path}")):
        assert compose("train", ["model=yowo"]).model.name == "yowo"
        assert compose("train", ["model=mine"]).model.name == "mine"
    with composer("train", ConfigFolders(main=f"file://{tmp_path}")):
        assert compose("train", ["model=yowo"]).model.name == "other"


def test_a_composer_within_another_leaves_it_as_it_was():
    with composer("train") as outer:
        with composer("eval"):
            pass
        assert GlobalHydra.instance().is_initialized() and outer.compose_config
        assert compose("train").seed == 0
    assert not GlobalHydra.instance().is_initialized()
