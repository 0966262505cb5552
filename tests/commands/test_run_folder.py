import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hydra import compose
from omegaconf import OmegaConf

from yowo.commands.run_folder import LAST, RUN, SWEEP, OwnFolder, owner, take
from yowo.config.compose import composer


def config(folder, typed=False, kind="run", **more):
    overrides = [f"hydra.{kind}.dir={folder}"] if typed else []
    node = {kind: {"dir": str(folder)}, "overrides": {"hydra": overrides}}
    return OmegaConf.create({"hydra": node, "resume": None, **more})


def started(wanted, kind="run", **more):
    """The folder that a run gets."""
    made = config(wanted, kind=kind, **more)
    begin = OwnFolder().on_run_start if kind == "run" else OwnFolder().on_multirun_start
    begin(made)
    folder = made.hydra[kind].dir
    (type(wanted)(folder) / "result").write_text("")  # without one, the next run could have the folder
    return folder


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    wanted = tmp_path / "runs" / "2026-01-31_12-00-00"
    assert [started(wanted) for _ in range(3)] == [str(wanted), f"{wanted}_2", f"{wanted}_3"]


def test_only_one_of_many_gets_a_folder(tmp_path):
    (tmp_path / RUN).write_text(json.dumps({**owner(), "host": "another"}))
    assert not take(tmp_path, RUN)
    with ThreadPoolExecutor(8) as pool:
        one = "import sys; from pathlib import Path; from yowo.commands.run_folder import take, RUN; print(take(Path(sys.argv[1]), RUN)); sys.stdin.read()"
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", one, str(tmp_path / "new")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        answers = list(pool.map(lambda process: process.stdout.readline().strip(), processes))
    for process in processes:
        process.communicate()
    assert sorted(answers) == ["False", "False", "True"]


def test_a_sweep_has_a_folder_of_its_own_and_tells_its_jobs(tmp_path):
    wanted = tmp_path / "it's"
    started(wanted, kind="sweep")
    assert (wanted / SWEEP).is_file()
    made = config(wanted, kind="sweep")
    OwnFolder().on_multirun_start(made)
    assert made.hydra.sweep.dir == f"{wanted}_2"
    (override,) = made.hydra.overrides.hydra
    with composer("train"):
        assert compose("train", [override], return_hydra_config=True).hydra.sweep.dir == f"{wanted}_2"


def test_a_named_folder_that_holds_a_run_is_refused_with_the_way_on(tmp_path, capsys):
    started(tmp_path / "mine", typed=True)
    (tmp_path / "mine" / LAST).write_text("")
    with pytest.raises(SystemExit, match="2"):
        OwnFolder().on_run_start(config(tmp_path / "mine", typed=True))
    assert f"error: hydra.run.dir={tmp_path}/mine: holds a run already (yowo train resume=" in capsys.readouterr().err
    again = config(tmp_path / "mine", typed=True, resume=str(tmp_path / "mine" / LAST))
    OwnFolder().on_run_start(again)
    assert again.hydra.run.dir == str(tmp_path / "mine")


def test_a_run_that_failed_before_it_had_a_result_gives_its_folder_back(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / RUN).write_text(json.dumps({**owner(), "process": gone.pid}))
    (tmp_path / "train.log").write_text("error")
    assert take(tmp_path, RUN)
    (tmp_path / RUN).write_text(json.dumps({**owner(), "process": os.getppid()}))
    assert not take(tmp_path, RUN)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="2"):
        OwnFolder().on_run_start(config(tmp_path / "file" / "run"))
    assert capsys.readouterr().err.count("\n") == 1


def test_the_other_processes_of_a_training_use_the_folder_of_the_first(tmp_path, monkeypatch):
    started(tmp_path / "run")
    monkeypatch.setenv("LOCAL_RANK", "1")
    other = config(tmp_path / "run", typed=True, trainer={})
    OwnFolder().on_run_start(other)
    assert other.hydra.run.dir == str(tmp_path / "run")
