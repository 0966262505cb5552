import json

import pytest
from omegaconf import OmegaConf

from yowo.commands.archive.settings import SETTINGS, agree_on_settings, settings_of
from yowo.errors import ConfigError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "best.ckpt").write_bytes(b"weights")
    return OmegaConf.create(
        {
            "checkpoint": str(tmp_path / "best.ckpt"),
            "weights": {"file": None},
            "score_threshold": "${dataset.show_threshold}",
            "dataset": {"classes": ["run", "fall"], "show_threshold": 0.3, "root": "???"},
            "device": "cpu",
            "shard": "0/2",
            "output": "out",
        }
    )


def test_later_processes_agree_whatever_says_where_and_how_fast(config, tmp_path):
    agree_on_settings(tmp_path / "out", config)
    written = (tmp_path / "out" / SETTINGS).read_text()
    config.device, config.shard, config.output = "cuda", "1/2", "./out"
    moved = tmp_path / "copy.ckpt"
    moved.write_bytes(b"weights")
    config.checkpoint = str(moved)
    agree_on_settings(tmp_path / "out", config)
    assert (tmp_path / "out" / SETTINGS).read_text() == written
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [SETTINGS]


def test_another_value_that_changes_results_is_one_line_that_names_it(config, tmp_path):
    agree_on_settings(tmp_path / "out", config)
    config.dataset.show_threshold = 0.1
    words = rf"^output={tmp_path}/out: holds results with dataset\.show_threshold=0\.3, and now .*=0\.1; give another"
    with pytest.raises(ConfigError, match=words):
        agree_on_settings(tmp_path / "out", config)


def test_another_network_is_one_line(config, tmp_path):
    agree_on_settings(tmp_path / "out", config)
    (tmp_path / "best.ckpt").write_bytes(b"others")
    with pytest.raises(ConfigError, match=r"holds results of another network \(checkpoint has another content\); give"):
        agree_on_settings(tmp_path / "out", config)


def test_numbers_of_a_network_in_two_files_count(config, tmp_path):
    config.checkpoint, config.weights.file = None, str(tmp_path / "net.xml")
    (tmp_path / "net.xml").touch()
    (tmp_path / "net.bin").write_bytes(b"1")
    before = settings_of(config)
    (tmp_path / "net.bin").write_bytes(b"2")
    assert settings_of(config) != before and json.dumps(before)


def test_a_missing_file_is_one_line(config, tmp_path):
    config.checkpoint = str(tmp_path / "gone.ckpt")
    with pytest.raises(ConfigError, match=r"gone\.ckpt: cannot be read \(No such file or directory\)$"):
        agree_on_settings(tmp_path / "out", config)
