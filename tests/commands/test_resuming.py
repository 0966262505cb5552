import json

import pytest
import torch
from omegaconf import OmegaConf

from yowo.commands.command_line import read_command_line
from yowo.commands.resuming import goes_on, rerun, resumed
from yowo.commands.run_folder import owner
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The folder of an unfinished run where runs go."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "train" / "one"
    folder.mkdir(parents=True)
    config = portable(compose_config("train", ["seed=7"]))
    torch.save({"yowo": {"config": config, "run": {"config": config, "overrides": ["seed=7"]}}}, folder / "last.ckpt")
    record = {"host": "another", "process": 1, "starts": [{"overrides": ["seed=7"], "time": "1"}]}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def start(*arguments):
    return resumed(read_command_line("train", arguments)).arguments


def test_a_folder_stands_for_its_checkpoint_and_the_run_goes_on_in_it(run):
    for given in (run, run / "last.ckpt"):
        arguments = start(f"resume={given}")
        assert f'resume="{run}/last.ckpt"' in arguments and f'hydra.run.dir="{run}"' in arguments
    assert not [a for a in start(f"resume={run}", "hydra.run.dir=new") if a.startswith(f'hydra.run.dir="{run}')]


def test_auto_goes_on_with_the_unfinished_run_of_the_same_settings(run):
    assert 'hydra.run.dir="runs/train/one"' in start("resume=auto", "seed=7")
    assert start("resume=auto", "seed=8") == ["resume=auto", "seed=8"]
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "trained": {"max_epochs": 5}, "evaluated": True}))
    assert start("resume=auto", "seed=7") == ["resume=auto", "seed=7"]
    (run / "run.json").write_text(json.dumps({**record, **owner(), "process": 1}))
    with pytest.raises(ConfigError, match=r"process 1 is still training in this folder"):
        start("resume=auto", "seed=7")


def test_auto_begins_in_a_named_folder_without_a_checkpoint(run, capsys):
    (run / "last.ckpt").unlink()
    given = ["resume=auto", f"hydra.run.dir={run}"]
    assert start(*given) == given
    config = goes_on(OmegaConf.create({"resume": "auto"}), run)
    assert config.resume is None


def test_a_run_is_repeated_from_its_folder_with_a_warning_of_other_code(run, capsys):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "git_commit": "0" * 40, "versions": {"torch": "0.1"}}))
    again = rerun(read_command_line("train", ["optimizer.lr=3"]), run)
    config = compose_config("train", again.arguments)
    assert (config.seed, config.optimizer.lr, config.resume) == (7, 3, None) and again.before == ("seed=7",)
    assert "torch 0.1 (now " in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"--rerun and resume=: give only one"):
        rerun(read_command_line("train", ["resume=auto"]), run)
