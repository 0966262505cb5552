import json

import pytest

from yowo.commands import shared_folder
from yowo.errors import ConfigError


@pytest.fixture
def job(monkeypatch):
    """The environment of a process that torchrun has started on one of two machines."""
    for name, value in {
        "TORCHELASTIC_RUN_ID": "my job/1",
        "TORCHELASTIC_RESTART_COUNT": "0",
        "MASTER_PORT": "29500",
        "WORLD_SIZE": "4",
        "LOCAL_WORLD_SIZE": "2",
        "RANK": "0",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_processes_of_a_job_use_the_folder_of_the_first(job, tmp_path):
    shared_folder.tell_folder(tmp_path / "runs" / "a b")
    assert shared_folder.folder_of_the_first(tmp_path / "runs") is None
    job.setenv("RANK", "3")
    assert shared_folder.folder_of_the_first(tmp_path / "runs") == tmp_path / "runs" / "a b"
    job.setenv("RANK", "0")
    shared_folder.forget_folder(tmp_path / "runs" / "a b")
    assert not list((tmp_path / "runs").iterdir())


def test_the_note_of_an_earlier_start_is_not_taken(job, tmp_path):
    shared_folder.tell_folder(tmp_path / "a")
    (note,) = tmp_path.glob(".job-*")
    note.write_text(json.dumps({"folder": "old", "time": 0}))
    job.setenv("RANK", "1")
    with pytest.raises(ConfigError, match=r"has not named the folder of the run for 0 s.*hydra\.run\.dir=FOLDER"):
        shared_folder.folder_of_the_first(tmp_path, patience=0.2)
    job.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert shared_folder._note(tmp_path) != note


def test_a_process_of_its_own_waits_for_nobody(monkeypatch, tmp_path):
    for name in ("TORCHELASTIC_RUN_ID", "SLURM_PROCID", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert shared_folder.folder_of_the_first(tmp_path) is None
    shared_folder.tell_folder(tmp_path / "a")
    assert not list(tmp_path.iterdir())
