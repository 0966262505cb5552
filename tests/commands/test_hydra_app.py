import sys
from pathlib import Path

import pytest
import torch
import yaml
from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig

from tests.make_data import project
from yowo.commands.entry.train import check as check_training
from yowo.commands.entry.train import started
from yowo.commands.hydra_app import jobs, run_hydra
from yowo.config.checkpoint import CHECKPOINT_KEY, portable
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


def not_run(config):
    pytest.fail("nothing was to be run")


def ran(arguments, folder, check=lambda config: None):
    """The configurations of the jobs that a command line of `yowo train` runs."""
    found = []
    where = [f"hydra.run.dir={folder}/run", f"hydra.sweep.dir={folder}/sweep"]
    run_hydra("train", found.append, [*arguments, *where], check)
    return found


def own_conf(folder: Path) -> Path:
    """A folder of configurations as a user has it, with an experiment."""
    (folder / "experiment").mkdir(parents=True)
    (folder / "experiment" / "mine.yaml").write_text("# @package _global_\noptimizer:\n  lr: 0.5\n")
    (folder / "mytrain.yaml").write_text("defaults: [train, _self_]\nseed: 41\n")
    return folder


def test_one_job_without_a_sweep():
    (config,) = jobs("info", ["seed=3"])
    assert config.seed == 3


def test_a_sweep_is_every_combination():
    found = jobs("info", ["-m", "seed=1,2", "optimizer.lr=1e-3,1e-4", "loss=yowo"])
    assert [(c.seed, c.optimizer.lr) for c in found] == [(1, 1e-3), (1, 1e-4), (2, 1e-3), (2, 1e-4)]


def test_several_values_without_m_are_explained():
    with pytest.raises(ConfigError, match=r"seed=1,2: several values need -m, as in yowo train -m seed=1,2"):
        jobs("info", ["seed=1,2"])


def test_a_plain_run_is_composed_once_and_what_was_checked_is_what_runs(tmp_path, monkeypatch):
    composed, checked, done = [], [], []
    compose = Hydra.compose_config
    monkeypatch.setattr(Hydra, "compose_config", lambda *args, **more: composed.append(1) or compose(*args, **more))
    monkeypatch.setattr(sys, "argv", ["yowo", "train"])

    def task(config):
        done.append(config)
        assert Path(HydraConfig.get().runtime.output_dir) == tmp_path / "run" and sys.argv == ["yowo", "train"]

    run_hydra("train", task, ["seed=3", f"hydra.run.dir={tmp_path}/run"], checked.append)
    assert len(composed) == len(checked) == len(done) == 1
    assert done[0].seed == checked[0].seed == 3 and "hydra" not in done[0]
    kept = tmp_path / "run" / ".hydra"
    assert {path.name for path in kept.iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}
    assert "seed=3" in (kept / "overrides.yaml").read_text() and (tmp_path / "run" / "train.log").is_file()


def test_an_error_of_the_task_is_not_swallowed(tmp_path):
    def task(config):
        raise ZeroDivisionError("in the task")

    with pytest.raises(ZeroDivisionError, match="in the task"):
        run_hydra("train", task, [f"hydra.run.dir={tmp_path}/run"], lambda config: None)


def test_an_interpolation_that_leads_nowhere_is_an_error_of_the_user(tmp_path, capsys):
    with pytest.raises(ConfigError, match=r"seed: Interpolation key 'nothing\.here' not found"):
        ran(["seed=${nothing.here}"], tmp_path)
    with pytest.raises(SystemExit, match="2"):
        where = f"hydra.run.dir={tmp_path}/run"
        run_hydra("train", lambda config: config.model.x, ["+model.x=${nothing.here}", where], check_nothing)


def check_nothing(config):
    """A check that passes."""


def test_a_failed_check_leaves_no_folder(tmp_path):
    def check(config):
        raise ConfigError("seed: not today")

    with pytest.raises(ConfigError, match="seed: not today"):
        ran([], tmp_path, check)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "seeds"), [(["seed=sort(2,1)", "--multirun"], [1, 2]), (["hydra.mode=MULTIRUN", "seed=3,4"], [3, 4])]
)
@pytest.mark.long
def test_what_asks_for_several_jobs_is_a_sweep(arguments, seeds, tmp_path):
    assert [config.seed for config in ran(arguments, tmp_path)] == seeds


def test_every_job_of_a_sweep_is_checked_before_the_first_runs(tmp_path):
    with pytest.raises(ConfigError, match="seed: expected a whole number of at least 0, got x"):
        run_hydra("train", not_run, ["-m", "seed=1,x", f"hydra.sweep.dir={tmp_path}/s"], check_nothing)


@pytest.mark.parametrize("name", ["[a],b=é (1) ", "${x}"])
def test_a_folder_is_taken_as_it_is_and_its_records_run_again(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    typed = ["dataset=ucf24", f"dataset.root={name}"]
    (config,) = ran(typed, tmp_path, check_training)
    assert config.dataset.root == config.dataset.source.root == name
    kept = yaml.safe_load((tmp_path / "run" / ".hydra" / "overrides.yaml").read_text())
    (again,) = ran(kept, tmp_path, check_training)
    assert again.dataset.root == name


@pytest.mark.long
def test_a_folder_with_a_comma_is_one_value_of_a_sweep_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").mkdir()
    found = ran(["-m", "dataset=ucf24", "dataset.root=a,b", "seed=1,2"], tmp_path, check_training)
    assert [config.dataset.root for config in found] == ["a,b", "a,b"]


@pytest.mark.parametrize("name", ["josé/epoch=1-step=2.ckpt", "a (1).ckpt", "${x}.ckpt"])
@pytest.mark.long
def test_a_run_goes_on_from_a_checkpoint_of_any_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    torch.save({CHECKPOINT_KEY: {"config": portable(compose_config("train", ["dataset.seed=77"]))}}, name)
    (config,) = ran(started([f"resume={name}"]).arguments, tmp_path, check_training)
    assert config.resume == name and config.dataset.seed == 77


@pytest.mark.parametrize(
    "flag", [["--config-dir", "conf"], ["--config-dir=conf"], ["-cd", "conf"], ["hydra.searchpath=[file://conf]"]]
)
def test_experiments_of_a_folder_of_ones_own_are_found(flag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own_conf(tmp_path / "conf")
    (config,) = ran([*flag, "experiment=mine"], tmp_path)
    assert config.optimizer.lr == 0.5


@pytest.mark.parametrize("flag", [["-cd", "conf"], ["-cp", "conf"]])
def test_another_root_configuration_can_build_on_ours(flag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own_conf(tmp_path / "conf")
    (config,) = ran([*flag, "--config-name", "mytrain"], tmp_path)
    assert config.seed == 41 and config.model.name == "yowo_tiny"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--cfg", "job"], "seed: 0"),
        (["--cfg=hydra"], "hydra:"),
        (["--cfg", "job", "-p", "optimizer"], "# @package optimizer"),
        (["--cfg", "job", "--resolve", "dataset=ucf24", "dataset.root=x"], "- Basketball"),
        (["--info", "defaults-tree"], "trainer: auto"),
        (["--info", "model=yowo"], "model: yowo"),
        (["-i", "searchpath"], "Search path"),
        (["--hydra-help"], "-sc install=bash"),
        (["-sc", "install=bash"], "complete -o nospace"),
    ],
)
@pytest.mark.long
def test_what_a_flag_of_hydra_shows(flags, words, capsys, caplog):
    caplog.set_level("DEBUG")
    run_hydra("train", not_run, flags, check_nothing)
    assert words in capsys.readouterr().out + caplog.text


def test_the_configuration_of_a_run_that_goes_on_is_shown(tmp_path, capsys):
    torch.save(
        {CHECKPOINT_KEY: {"config": portable(compose_config("train", ["dataset.seed=77"]))}}, tmp_path / "a.ckpt"
    )
    run_hydra("train", not_run, started([f"resume={tmp_path}/a.ckpt", "--cfg", "job"]).arguments, check_nothing)
    assert "seed: 77" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cfg", "job", "--info"], "--cfg and --info: give only one of them"),
        (["--resolve"], "--resolve: goes with --cfg"),
        (["--cfg", "job", "-p", "trainr"], "package 'trainr' not found"),
        (["--experimental-rerun", "gone.pickle"], "gone.pickle.*does not exist"),
        (["-m", "seed=1,2", "hydra/launcher=joblib"], "hydra/launcher=joblib: it is not installed; run pip install hydra-joblib-launcher"),
        (["-m", "seed=1,2", "hydra/sweeper=optuna"], "run pip install hydra-optuna-sweeper"),
        (["-m", "seed=1,2", "hydra.launcher._target_=x"], "hydra/launcher: x is not installed"),
    ],
)  # fmt: skip
def test_flags_and_plugins_that_do_not_work_are_one_line(arguments, words):
    with pytest.raises(ConfigError, match=words):
        run_hydra("train", not_run, arguments, check_nothing)


@pytest.mark.parametrize(
    "nothing", ["logger=null", "callbacks=null", "experiment=null", "debug=null", "context=null", "sweep=null"]
)
@pytest.mark.long
def test_groups_that_can_be_empty_are_set_to_null(nothing, tmp_path):
    (config,) = ran([nothing], tmp_path)
    assert not config.get(nothing.partition("=")[0])


@pytest.mark.parametrize("nothing", ["trainer=null", "model=null", "optimizer=null", "dataset=null"])
def test_groups_that_are_needed_are_asked_for(nothing):
    with pytest.raises(ConfigError, match=rf"{nothing}: choose one of "):
        run_hydra("train", not_run, [nothing], check_nothing)


def test_a_project_under_any_name_is_shown(tmp_path):
    root = project(tmp_path / "Tom's (1), [a]=b")
    (config,) = ran(["dataset=custom", f"dataset.root={root}"], tmp_path, check_training)
    assert list(config.dataset.classes) == ["sit", "walk"]
