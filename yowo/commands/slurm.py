"""Puts a job of SLURM back into the queue, so that a training goes on in its next allocation."""

import os
import shutil
import subprocess


def requeued() -> str:
    """Ask SLURM to queue this job again.

    Returns:
        What happened, as a sentence without a full stop; empty outside a job of SLURM.
    """
    job = job_id()
    if job is None:
        return ""
    if shutil.which("scontrol") is None:
        return f"scontrol is not here, so SLURM job {job} is not queued again"
    done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        return f"SLURM did not queue job {job} again ({reason})"
    return f"SLURM has queued job {job} again"


def job_id() -> str | None:
    """Return the number of the SLURM job of this process, that of its task in an array; None outside one."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    if array and task:
        return f"{array}_{task}"
    return os.environ.get("SLURM_JOB_ID") or None
