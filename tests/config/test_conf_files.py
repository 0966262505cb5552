import pytest

from yowo.config import conf_files
from yowo.config.conf_files import choices, conf_dir, groups
from yowo.errors import ConfigError


def test_a_file_of_a_group_is_a_choice_and_a_folder_a_group(tmp_path, monkeypatch):
    (tmp_path / "colour").mkdir()
    (tmp_path / "colour" / "red.yaml").write_text("name: red\n")
    (tmp_path / "colour" / "notes.txt").write_text("no choice\n")
    (tmp_path / "hydra").mkdir()
    (tmp_path / "train.yaml").write_text("{}\n")
    monkeypatch.setattr(conf_files, "conf_dir", lambda: tmp_path)
    assert groups() == ["colour"] and choices("colour") == ["red"]


def test_a_package_without_its_configurations_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(conf_files, "__file__", str(tmp_path / "yowo" / "config" / "conf_files.py"))
    with pytest.raises(ConfigError, match=r"the folder conf is missing .*; install the package again"):
        conf_dir()
    (tmp_path / "yowo" / "conf").mkdir(parents=True)
    (tmp_path / "yowo" / "conf" / "train.yaml").write_text("{}\n")
    assert conf_dir() == tmp_path / "yowo" / "conf"
