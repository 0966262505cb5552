import pytest

from yowo.commands.slurm import job_id, requeued

VARIABLES = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID")


@pytest.fixture(autouse=True)
def _outside_slurm(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def scontrol(folder, body):
    path = folder / "scontrol"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_outside_slurm_nothing_happens():
    assert job_id() is None and requeued() == ""


def test_a_job_and_a_task_of_an_array_are_queued_again(tmp_path, monkeypatch):
    scontrol(tmp_path, f'echo "$@" >> {tmp_path}/asked')
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert requeued() == "SLURM has queued job 17 again"
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "16")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert requeued() == "SLURM has queued job 16_3 again"
    assert (tmp_path / "asked").read_text() == "requeue 17\nrequeue 16_3\n"


def test_why_a_job_is_not_queued_again_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert requeued() == "scontrol is not here, so SLURM job 17 is not queued again"
    scontrol(tmp_path, 'echo "Requested operation is presently disabled" >&2; exit 1')
    assert requeued() == "SLURM did not queue job 17 again (Requested operation is presently disabled)"
