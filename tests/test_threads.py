"""The number of threads, and how long they spin: from affinity, quotas, launchers, and what the user said."""

import os
import subprocess
import sys

import pytest

from yowo import threads
from yowo.threads import chosen_by_user, cores_by_quota, prepare_environment, usable_threads


@pytest.fixture
def sixteen_cores(monkeypatch):
    monkeypatch.setattr(threads, "cores_by_affinity", lambda: 16)
    monkeypatch.setattr(threads, "cores_by_quota", lambda: 1_000_000)


def test_a_short_spin_and_the_usable_cores_are_set_where_the_user_said_nothing(sixteen_cores):
    environ = {"PATH": "/bin"}
    prepare_environment(environ)
    assert environ.items() >= {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1", "OMP_NUM_THREADS": "16"}.items()


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME"])
def test_a_wait_of_the_users_choice_stays_alone(name, sixteen_cores):
    environ = {name: "7"}
    prepare_environment(environ)
    assert {k: v for k, v in environ.items() if k in threads.SPIN_BY_USER} == {name: "7"}
    assert environ["OMP_NUM_THREADS"] == "16"


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_a_number_of_the_users_choice_stays_alone(name, sixteen_cores):
    environ = {name: "3"}
    prepare_environment(environ)
    assert {k: v for k, v in environ.items() if "NUM_THREADS" in k} == {name: "3"}
    assert environ["GOMP_SPINCOUNT"] == "1000"
    assert chosen_by_user(environ)


def test_child_processes_do_not_take_our_number_for_the_users(sixteen_cores):
    environ = {}
    prepare_environment(environ)
    assert not chosen_by_user(environ)
    assert chosen_by_user(environ | {"OMP_NUM_THREADS": "2"})


@pytest.mark.parametrize(
    ("workers", "processes", "environ", "expected"),
    [
        (0, 1, {}, 16),
        (4, 1, {}, 12),
        (20, 1, {}, 1),
        (2, 4, {}, 2),
        (0, 1, {"LOCAL_WORLD_SIZE": "8"}, 2),
        (0, 8, {"LOCAL_WORLD_SIZE": "8"}, 2),
        (0, 1, {"OMPI_COMM_WORLD_LOCAL_SIZE": "4"}, 4),
        # SLURM: four tasks that share the job's sixteen cores; four that are bound to sixteen of sixty-four; a batch script
        (0, 4, {"SLURM_LOCALID": "0", "SLURM_TASKS_PER_NODE": "4(x2)", "SLURM_CPUS_ON_NODE": "16"}, 4),
        (0, 4, {"SLURM_LOCALID": "0", "SLURM_TASKS_PER_NODE": "4", "SLURM_CPUS_ON_NODE": "64"}, 16),
        (0, 1, {"SLURM_LOCALID": "0", "SLURM_NTASKS_PER_NODE": "2", "SLURM_CPUS_PER_TASK": "6"}, 6),
        (0, 1, {"SLURM_TASKS_PER_NODE": "4", "SLURM_CPUS_ON_NODE": "16"}, 16),
        (0, 1, {"LOCAL_WORLD_SIZE": "many"}, 16),
    ],
)
def test_workers_and_processes_share_the_cores(workers, processes, environ, expected, sixteen_cores):
    assert usable_threads(workers, processes, environ) == expected


def cgroups(tmp_path, lines, files):
    own = tmp_path / "self"
    own.write_text(lines)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return cores_by_quota(tmp_path / "cgroup", own)


@pytest.mark.parametrize(
    ("lines", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "250000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 1_000_000),
        ("4:cpu,cpuacct:/d\n", {"cpu/d/cpu.cfs_quota_us": "400000\n", "cpu/d/cpu.cfs_period_us": "100000\n"}, 4),
        ("4:cpu,cpuacct:/d\n", {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "1"}, 1_000_000),
        ("4:cpu:/of/the/host\n", {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
        ("0::/\n", {"cpu.max": "nonsense\n"}, 1_000_000),
        ("", {}, 1_000_000),
    ],
)
def test_the_smallest_quota_of_the_cgroups_counts(tmp_path, lines, files, expected):
    assert cgroups(tmp_path, lines, files) == expected


def test_a_system_without_cgroups_has_no_quota(tmp_path):
    assert cores_by_quota(tmp_path, tmp_path / "none") == 1_000_000


@pytest.mark.slow
def test_openmp_reads_what_importing_the_package_has_set():
    """libgomp is loaded with torch, so that it sees variables set before."""
    clean = {k: v for k, v in os.environ.items() if k not in (*threads.SPIN_BY_USER, *threads.COUNT_BY_USER)}
    code = (
        "import yowo, torch; from yowo.threads import usable_threads; print(torch.get_num_threads(), usable_threads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "OMP_DISPLAY_ENV": "VERBOSE"},
        capture_output=True,
        text=True,
        check=True,
    )
    used, usable = done.stdout.split()
    assert used == usable
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("torch uses another OpenMP here")
    assert "GOMP_SPINCOUNT = '1000'" in done.stderr
