import pytest

from yowo.commands.completion import run, suggestions
from yowo.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("yowo ", {"train", "eval", "detect", "score"}),
        ("yowo det", {"detect"}),
        ("yowo train mod", {"model="}),
        ("yowo train model=yowo_", {"model=yowo_nano", "model=yowo_plus", "model=yowo_tiny"}),
        ("yowo train seed=1 optimizer.l", {"optimizer.lr="}),
        ("yowo train dataset=ucf24 dataset.anchor_", {"dataset.anchor_sets."}),
        ("yowo info backbone3d=resnext1", {"backbone3d=resnext101", "backbone3d=resnext152"}),
        ("yowo demo logger", {"logger=", "logger."}),
        ("yowo detect read", {"reader=", "reader."}),
        ("yowo eval met", {"metric=", "metric."}),
        ("yowo data ch", {"check"}),
        ("yowo data import --val-", {"--val-source", "--val-videos"}),
        ("yowo score --anno", {"--annotations"}),
    ],
)
def test_what_can_follow_is_suggested(line, words):
    assert words <= set(suggestions(line).split())


@pytest.mark.parametrize(
    "line", ["", "yowo nothing x", "yowo train --cfg x", "yowo train dataset=nothing opt", "yowo train 'a"]
)
def test_a_line_that_is_not_understood_gives_no_error(line):
    assert "Traceback" not in suggestions(line)


def test_the_shell_is_told_what_to_ask(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/bin/yowo", "-sc", "install=bash"])
    run(["install=bash"])
    told = capsys.readouterr().out
    assert told.rstrip().endswith("-F hydra_bash_completion yowo") and "-sc query=bash" in told
    monkeypatch.setenv("COMP_LINE", "yowo tr")
    run(["query=bash"])
    assert capsys.readouterr().out == "train\n"


@pytest.mark.parametrize(
    ("arguments", "words"), [([], "expected install=SHELL"), (["instal=bash"], "expected install=SHELL"), (["install=csh"], "No completion plugin for 'csh'")]
)  # fmt: skip
def test_unknown_shells_and_actions_are_refused(arguments, words):
    with pytest.raises(ConfigError, match=words):
        run(arguments)
