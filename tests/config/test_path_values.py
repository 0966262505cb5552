import os
import random
import unicodedata

import pytest
from omegaconf import OmegaConf

from yowo.config.path_values import INPUT_KEYS, is_path_key, literally, parsed, paths_quoted, quoted, typed_in_a_shell
from yowo.errors import ConfigError

NAMES = [
    "my video (1).mp4", "a,b", "a=b", "[cam]1", "Tom's run", 'say "hi"', """both ' and ".mp4""", "видео.mp4", "x&y", "a#1", "{}",
    "{a:1}", "$HOME", "${x}.mp4", "\\${x}", "back\\slash", "ends\\", "~tilde", "~", "-x.mp4", "trail ", " lead", "null.mp4", "1", "1e5",
    "true", "[1,2]", "(", ")", "a:b", "a;b", "a|b", "*?", "100%", "new\nline", "tab\t", "!x", "choice(a,b)", "glob(*)", "'quoted'", "???",
    unicodedata.normalize("NFD", "josé.mp4"), "epoch=1-step=2.ckpt", "視頻", "🎬.mp4", "a@b", "+x", "a" * 200, "${oc.env:HOME}", "$",
]  # fmt: skip


def value_of(override):
    """The value that a command gets for an override."""
    return OmegaConf.create({"value": parsed(override).value()}).value


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "key", [*sorted(INPUT_KEYS), "output", "report", "dataset.root", "hydra.run.dir", "+output", "logger.csv.save_dir"]
)
def test_every_key_of_a_path_takes_an_existing_file_as_it_is(key, tmp_path):
    (tmp_path / "my (1), [a]=b.x").touch()
    (override,) = paths_quoted([f"{key}=my (1), [a]=b.x"])
    assert override.startswith(f"{key}=") and value_of(override) == "my (1), [a]=b.x"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sweep", [False, True])
def test_an_existing_name_is_one_value_whatever_its_signs(name, sweep, tmp_path):
    (tmp_path / name).touch()
    (override,) = paths_quoted([f"source={name}"], sweep)
    assert os.path.normpath(value_of(override)) == name and not parsed(override).is_sweep_override()
    assert paths_quoted([override], sweep) == [override], "once quoted, it stays"


def test_random_names_survive_hydras_grammar(tmp_path):
    rng = random.Random(0)
    for _ in range(300):
        name = "".join(rng.choice("ab \\'\"${}[](),=:#&~*?%é;|!@+-.\t") for _ in range(rng.randint(1, 12)))
        assert value_of(f"source={quoted(name)}") == name
        assert value_of(f"source={literally(name)}") == name


@pytest.mark.parametrize(
    "override",
    [
        "source='my (1).mp4'", 'source="a,b"', "source=null", "dataset.train_videos=[a,b]", "output=${seed}.mp4", "dataset.train_videos=all",
        "source=my\\ \\(1\\).mp4", "output=a\\,b", "seed=1", "model=yowo,yowo_plus", "~resume", "dataset.root=", "weights=FILE",
    ],
)  # fmt: skip
def test_values_that_hydra_reads_as_they_are_meant_stay(override, tmp_path):
    assert paths_quoted([override]) == [override]


def test_plain_names_get_no_quotes(tmp_path):
    (tmp_path / "best.ckpt").touch()
    assert paths_quoted(["checkpoint=best.ckpt"]) == ["checkpoint=best.ckpt"]


@pytest.mark.parametrize("key", ["output", "report", "hydra.run.dir", "dataset.root"])
def test_a_new_file_is_taken_as_it_is_where_its_folder_exists(key, tmp_path):
    (tmp_path / "out put").mkdir()
    for name in ("a (1),b=c.mp4", "out put/[x].mp4", "5", "é"):
        (override,) = paths_quoted([f"{key}={name}"])
        assert value_of(override) == name


def test_several_existing_paths_are_a_sweep_with_m(tmp_path):
    for name in ("a (1)", "b"):
        (tmp_path / name).mkdir()
    (override,) = paths_quoted(["dataset.root=a (1),b"], sweep=True)
    assert override == 'dataset.root="a (1)",b'
    assert paths_quoted(["output=x,y"], sweep=True) == ["output=x,y"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "source=my video (1).mp4",
            r"source=my video \(1\)\.mp4: there is no such file or folder; .* source='\"my video \(1\)\.mp4\"'",
        ),
        (
            "checkpoint=a,b",
            r"checkpoint=a,b: there is no such file or folder; several values need -m; .* checkpoint='\"a,b\"'",
        ),
        ("resume=é.ckpt", r"resume='\"é\.ckpt\"'"),
        ("weights=epoch=1.ckpt", r"weights='\"epoch=1\.ckpt\"'"),
    ],
)
def test_a_path_that_is_not_there_shows_the_quoting_that_works(override, words):
    with pytest.raises(ConfigError, match=words):
        paths_quoted([override])


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.mp4").touch()
    assert paths_quoted(["source=~/x.mp4"]) == [f"source={tmp_path}/x.mp4"]


def test_addresses_of_streams_pass():
    (override,) = paths_quoted(["source=rtsp://me:pw@cam/1?x=1&y=[2]"])
    assert value_of(override) == "rtsp://me:pw@cam/1?x=1&y=[2]"


@pytest.mark.parametrize("typed", ["a b/[xy]*.mp4", "é?.mp4", "camera:HD (2), é", "a=*.mp4", "0", "-"])
def test_patterns_and_cameras_pass(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(value_of(paths_quoted([f"source={typed}"])[0])) == typed


def test_other_keys_take_an_existing_file_where_hydra_could_read_nothing_else(tmp_path):
    (tmp_path / "my (1).txt").touch()
    assert value_of(paths_quoted(["model.words=my (1).txt"])[0]) == "my (1).txt"
    assert paths_quoted(["seed=1"]) == ["seed=1"] and not is_path_key("seed") and is_path_key("mine.save_dir")


def test_a_shell_gets_both_kinds_of_quotes():
    assert typed_in_a_shell("source", "my video (1).mp4") == """source='"my video (1).mp4"'"""
