import pytest

from yowo.commands.sweeps import MAX_CHECKED, read_overrides, several_values, sweep_jobs
from yowo.config.search_path import composer
from yowo.errors import ConfigError


def asked(overrides, **sweeper):
    """The jobs of a sweep that are checked."""
    from hydra.types import RunMode

    with composer("train") as hydra:
        config = hydra.compose_config("train", overrides, RunMode.MULTIRUN)
        config.hydra.sweeper = {**config.hydra.sweeper, **sweeper}
        return sweep_jobs(config, hydra.config_loader)


def test_jobs_are_the_combinations_of_hydras_sweeper():
    assert asked(["seed=1,2", "dataset.clip_len=choice(8,16)"]) == [
        ["seed=1", "dataset.clip_len=8"], ["seed=1", "dataset.clip_len=16"],
        ["seed=2", "dataset.clip_len=8"], ["seed=2", "dataset.clip_len=16"],
    ]  # fmt: skip


def test_glob_finds_the_choices_of_a_group():
    found = [job[0] for job in asked(["experiment=glob(yowo_nano*)"])]
    assert found == ["experiment=yowo_nano_ava_k16", "experiment=yowo_nano_ava_k32", "experiment=yowo_nano_ucf24"]
    with pytest.raises(ConfigError, match=r"experiment=glob\(zz\*\): there is no such choice"):
        asked(["experiment=glob(zz*)"])


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("range(0,3)", {"0", "1", "2"}),
        ("shuffle(1,2)", {"1", "2"}),
        ("tag(a,choice(3,4))", {"3", "4"}),
        ("int(1.0,2.0)", {"1", "2"}),
    ],
)
def test_functions_of_hydras_grammar_are_understood(word, values):
    assert {job[0].removeprefix("seed=") for job in asked([f"seed={word}"])} == values


def test_parameters_of_a_sweep_file_are_swept_and_the_command_line_has_the_last_word():
    found = asked(["sweep=ablation", "assigner=yowo", "seed=5,6"])
    assert {job[0] for job in found} == {"assigner=yowo"} and len(found) == 4


def test_an_interval_needs_a_sweeper_that_draws_values():
    with pytest.raises(
        ConfigError, match=r"optimizer\.lr=interval\(1e-5,1e-3\): .* an interval needs hydra/sweeper=yowo_optuna"
    ):
        asked(["optimizer.lr=interval(1e-5,1e-3)"])


def test_another_sweeper_gets_the_words_and_one_job_stands_for_all(monkeypatch):
    from hydra.core.plugins import Plugins

    monkeypatch.setitem(Plugins.instance().class_name_to_class, "hydra_plugins.x.Sweeper", object)
    found = asked(
        ["optimizer.lr=interval(1e-5,1e-3)", "seed=range(3,9)", "loss=choice(yowo,yowo_plus)"],
        _target_="hydra_plugins.x.Sweeper", params={"augment.flip": "0.1,0.5"},
    )  # fmt: skip
    assert found == [["augment.flip=0.1", "optimizer.lr=1e-05", "seed=3", "loss=yowo"]]


def test_a_large_sweep_is_checked_in_part():
    assert len(asked(["seed=range(0,1000)", "dataset.seed=range(0,1000)"])) == MAX_CHECKED


def test_what_is_no_override_is_named_with_the_quotes_that_work():
    with pytest.raises(ConfigError, match="seed: expected an override key=value, as in seed=1"):
        read_overrides(["seed"])
    with pytest.raises(
        ConfigError, match=r"logger\.wandb\.name=a \(1: cannot be read .* as in logger\.wandb\.name='\"a \(1\"'"
    ):
        read_overrides(["logger.wandb.name=a (1"])
    assert several_values(read_overrides(["a=1", "b='1,2'", "c=[1,2]"])) is None
