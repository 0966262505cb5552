import pytest

from yowo.commands.command_line import read_command_line
from yowo.errors import ConfigError


def test_flags_and_overrides_may_stand_in_any_order():
    line = read_command_line("train", ["seed=1", "-m", "model=yowo", "--config-dir", ".", "lr@x=1"])
    assert line.flags.multirun and line.overrides == ["seed=1", "model=yowo", "lr@x=1"] and not line.shows


def test_a_command_line_is_read_the_same_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a (1).ckpt").touch()
    first = read_command_line(
        "train", ["--cfg=job", "resume=a (1).ckpt", "weights=a (1).ckpt", "-p", "model", "-cd", "."]
    )
    again = read_command_line("train", first.words())
    assert again.words() == first.words() and again.overrides == ['resume="a (1).ckpt"', 'weights.file="a (1).ckpt"']


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--cfg", "job"], ["-c", "all"], ["--info"], ["-i", "config"], ["-sc", "install=zsh"], ["--hydra-help"]]
)  # fmt: skip
def test_what_only_shows_runs_no_job(arguments):
    assert read_command_line("train", arguments).shows


def test_info_before_an_override_shows_everything():
    line = read_command_line("train", ["--info", "seed=1"])
    assert line.flags.info == "all" and line.overrides == ["seed=1"]


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("train", ["--lr", "0.1"], r"--lr: yowo train takes key=value, without dashes; give optimizer\.lr=0\.1"),
        ("train", ["--batch-size=4"], r"give dataset\.batch_size=4"),
        ("train", ["--epochs", "seed=1"], r"give trainer\.max_epochs=10"),
        ("train", ["--seed", "3"], r"give seed=3"),
        ("train", ["--flip", "0.5"], r"give augment\.flip=0\.5"),
        ("detect", ["--source", "x.mp4"], r"give source=x\.mp4"),
        ("detect", ["--conf=0.3"], r"give score_threshold=0\.3"),
        ("train", ["--mulitrun"], r"--mulitrun: there is no such flag; .* Did you mean --multirun\?"),
        ("train", ["-x"], r"-x: there is no such flag"),
        ("train", ["--cfg", "jobs"], r"yowo train: argument --cfg/-c: invalid choice: 'jobs'"),
        ("train", ["--config-name"], r"--config-name/-cn: expected one argument"),
    ],
)
def test_flags_that_do_not_exist_lead_to_what_does(command, arguments, words):
    with pytest.raises(ConfigError, match=words):
        read_command_line(command, arguments)


def test_folders_of_configurations_must_be_there(tmp_path):
    assert read_command_line("train", ["-cd", str(tmp_path)]).folders.own == f"file://{tmp_path}"
    assert read_command_line("train", ["-cp", "pkg://mine.conf"]).folders.main == "pkg://mine.conf"
    with pytest.raises(ConfigError, match="--config-dir gone: there is no such folder"):
        _ = read_command_line("train", ["--config-dir", "gone"]).folders
