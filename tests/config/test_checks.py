import pytest
from omegaconf import OmegaConf

from yowo.config.checks import check, check_required, check_root
from yowo.errors import ConfigError


def test_keys_that_are_not_there_are_passed_over():
    check(OmegaConf.create({"dataset": {"clip_len": 16}}))


@pytest.mark.parametrize("value", [True, 16.0, "16", None, [16]])
def test_whole_numbers_are_whole_numbers(value):
    with pytest.raises(ConfigError, match=r"dataset\.clip_len: expected a whole number of at least 8, got"):
        check(OmegaConf.create({"dataset": {"clip_len": value}}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("threads", 0), ("threads", "two"), ("seconds", "long"), ("cpu_minutes", 0), ("time_detection", 0)],
)
def test_threads_and_seconds_are_numbers_or_null(key, value):
    with pytest.raises(ConfigError, match=rf"{key}: expected a (whole )?number .*, or null, got {value}"):
        check(OmegaConf.create({key: value}))
    check(OmegaConf.create({key: None}))


@pytest.mark.parametrize(("key", "value"), [("keep_last", 0), ("keep_last", None), ("checkpoint_minutes", -1)])
def test_checkpoints_are_kept_by_numbers(key, value):
    with pytest.raises(ConfigError, match=rf"{key}: expected a .*number .*at least [01].*, got {value}"):
        check(OmegaConf.create({key: value}))
    check(OmegaConf.create({"keep_last": 1, "checkpoint_minutes": None}))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("stride", 0, "a whole number of at least 1"),
        ("stride", 1.5, "a whole number of at least 1"),
        ("streaming", "fast", "auto, exact, state or clip"),
        ("latency", "high", "low or none"),
    ],
)
def test_streams_are_worked_on_in_known_ways(key, value, words):
    with pytest.raises(ConfigError, match=f"^{key}: expected {words}, got {value}"):
        check(OmegaConf.create({key: value}))
    check(OmegaConf.create({"stride": 3, "streaming": "clip", "latency": "none"}))


def test_a_root_is_a_directory_unless_it_is_generated(tmp_path):
    (tmp_path / "file").touch()
    check_root(OmegaConf.create({"dataset": {"name": "x", "root": str(tmp_path)}}))
    check_root(OmegaConf.create({"dataset": {"name": "x", "root": str(tmp_path / "new"), "generated": True}}))
    for root, words in ((tmp_path / "new", "not a directory"), (tmp_path / "file", "not a directory")):
        with pytest.raises(ConfigError, match=rf"dataset\.root=.*: {words}"):
            check_root(OmegaConf.create({"dataset": {"name": "x", "root": str(root)}}))
    with pytest.raises(ConfigError, match=r"expected a folder, got a file"):
        check_root(OmegaConf.create({"dataset": {"name": "x", "root": str(tmp_path / "file"), "generated": True}}))


def test_a_root_that_is_not_given_is_asked_for():
    with pytest.raises(ConfigError, match=r"dataset\.root is required: the folder of ucf24, as in dataset\.root=DIR"):
        check_root(OmegaConf.create({"dataset": {"name": "ucf24", "root": "???"}}))


def test_required_keys_are_asked_for_with_an_example():
    config = OmegaConf.create({"checkpoint": "???", "source": None, "output": "x"})
    assert check_required(config, "output", "") == "x"
    for key in ("checkpoint", "source"):
        with pytest.raises(ConfigError, match=rf"{key} is required, as in yowo detect"):
            check_required(config, key, "yowo detect")
