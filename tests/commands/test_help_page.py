import io

import pytest
from hydra import compose
from omegaconf import OmegaConf
from rich.console import Console

from yowo.commands.help_page import PAGES, described_groups, described_keys, show_help, wants_help
from yowo.config.checkpoint import portable, register_parts
from yowo.config.compose import compose_config, composer
from yowo.config.conf_files import choices


@pytest.fixture(scope="module")
def composed():
    """The configuration of each command and the choices of its groups."""
    register_parts(portable(compose_config("train")))
    found = {}
    for command in PAGES:
        with composer(command):
            config = compose(command, return_hydra_config=True)
            found[command] = (
                config,
                {"logger": str(list(config.get("logger", {})))} | dict(config.hydra.runtime.choices),
            )
    return found


def page(command, width=80):
    console = Console(width=width, file=io.StringIO())
    show_help(command, console)
    return console.file.getvalue()


@pytest.mark.parametrize("command", PAGES)
def test_every_key_of_the_page_exists_with_the_default_that_is_shown(composed, command):
    config = composed[command][0]
    keys = described_keys(command)
    assert set(keys) >= set(PAGES[command].keys)
    for key, (default, words) in keys.items():
        assert words, key
        parent, _, last = key.rpartition(".")
        assert last in (OmegaConf.select(config, parent) if parent else config).keys(), key  # noqa: SIM118 (if missing)
        value = OmegaConf.select(config, key, throw_on_missing=False)
        if default not in ("", "???"):
            assert str(OmegaConf.create({"a": value}).a) == str(OmegaConf.create(f"a: {default}").a), key


BEGINS_LIKE_TRAINING = {"resume", "evaluate", "on_nonfinite", "loader_timeout", "checkpoint_minutes", "keep_last"} | {
    *("freeze", "compile", "channels_last", "gradient_checkpointing", "cpu_minutes", "streaming", "time_detection")
}


@pytest.mark.parametrize("command", PAGES)
def test_every_key_of_its_own_is_on_the_page(composed, command):
    config = composed[command][0]
    own = {key for key in config if not OmegaConf.is_config(OmegaConf.select(config, key, throw_on_missing=False))}
    if command == "demo":  # begins where training does
        own -= BEGINS_LIKE_TRAINING
    assert own <= set(described_keys(command))


@pytest.mark.parametrize("command", PAGES)
def test_every_group_of_the_page_exists_and_its_first_choice_is_the_default(composed, command):
    chosen = composed[command][1]
    for group, (default, words) in described_groups(command).items():
        assert words and group in chosen, group
        if not default.endswith("'s"):  # the model's, the data set's, the checkpoint's
            assert default in (str(chosen[group]).strip("[]").replace("'", ""), "null"), group


def test_training_shows_every_group_there_is(composed):
    assert set(described_groups("train")) == {g for g in composed["train"][1] if not g.startswith("hydra")}


@pytest.mark.parametrize("command", PAGES)
@pytest.mark.parametrize("width", [60, 80])
def test_pages_fit_the_terminal_and_lose_nothing(command, width):
    text = page(command, width)
    assert max(map(len, text.splitlines())) <= 80
    words = text.split()
    assert text.startswith(f"yowo {command} ") and all(example in text for example in PAGES[command].examples)
    for group in PAGES[command].groups:
        assert group in words and all(name in text for name in choices(group))
    for key in described_keys(command):
        assert key.removesuffix(".file") in text


def test_a_command_shows_its_own_keys_and_examples_and_not_those_of_another():
    assert "source=" in page("detect") and "optimizer" not in page("detect")
    assert "yowo train" not in page("detect").partition("Examples:")[2]
    assert "report=" in page("eval") and "backbone3d=" not in page("eval")


@pytest.mark.parametrize("typed", ["-h", "--help"])
def test_help_is_asked_for_anywhere_in_the_line(typed):
    assert wants_help(["model=yowo_nano", typed]) and not wants_help(["--hydra-help", "seed=1"])
