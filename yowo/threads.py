"""How many threads computations use and how long idle ones spin: chosen before torch loads its OpenMP runtime.

Threads of a parallel region wait for the slowest one at a barrier, and by default they spin there for milliseconds.
Where another process needs a core, those that spin keep the one that they wait for from running: a training step then
takes twenty times as long. A short spin costs nothing on an idle machine. OpenMP reads its variables when torch loads
it, so `import yowo` sets them; child processes inherit them. What the user has set stays as it is.
"""

import math
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

SPIN = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1"}
"""Of GNU's OpenMP, in turns of a loop; of Intel's and LLVM's, in milliseconds."""
SPIN_BY_USER = (*SPIN, "OMP_WAIT_POLICY", "KMP_LIBRARY")
COUNT_BY_USER = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT")
COUNT = "OMP_NUM_THREADS"
SET_BY_LAUNCHERS = ("OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")
OURS = "YOWO_NUM_THREADS"
"""Repeats the number that we wrote into `COUNT`, so that child processes do not take it for the user's."""
LOCAL_RANKS = ("LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS")
"""Processes of a run on this machine, as torchrun, Open MPI and MPICH tell them."""
PARALLEL_JOBS = "YOWO_PARALLEL_JOBS"
"""Jobs of a sweep that run at the same time on this machine, each in a process of its own."""
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def prepare_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set the variables of OpenMP that the user has not set; no effect on this process once torch is loaded."""
    if not any(name in environ for name in SPIN_BY_USER):
        environ.update(SPIN)
    if not chosen_by_user(environ):
        environ[COUNT] = environ[OURS] = str(usable_threads(environ=environ))


def chosen_by_user(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the user chose the number of threads by a variable; ours does not count."""
    others = any(name in environ for name in COUNT_BY_USER if name != COUNT)
    return others or environ.get(COUNT) != environ.get(OURS)


def usable_threads(workers: int = 0, processes: int = 1, environ: Mapping[str, str] = os.environ) -> int:
    """Return how many threads a process can keep busy.

    Args:
        workers: Data loading processes beside it, each of which needs a core.
        processes: Processes of the run on this machine, as far as the program knows.
        environ: Environment variables; those of launchers and of SLURM tell of further processes.

    Returns:
        Its share of the cores that it may use, without its workers; at least 1.
    """
    cores = max(1, min(cores_by_affinity(), cores_by_quota()) // max(1, _number(environ, PARALLEL_JOBS)))
    tasks = _slurm_tasks(environ)
    bound = tasks > 1 and cores < _number(environ, "SLURM_CPUS_ON_NODE")  # each task has cores of its own
    ranks = 1 if bound else max([1, processes, tasks, *(_number(environ, name) for name in LOCAL_RANKS)])
    share = min(cores // ranks, _number(environ, "SLURM_CPUS_PER_TASK") or cores)
    return max(1, share - workers)


def without_counts(environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables for a process that is to choose its number of threads itself, without launchers' choices."""
    return {name: value for name, value in environ.items() if name not in (*COUNT_BY_USER, *SET_BY_LAUNCHERS, OURS)}


def cores_by_affinity() -> int:
    """Return on how many cores the system lets this process run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cores_by_quota(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """Return how many whole cores the quota of the process's cgroups pays for: containers, systemd, clusters.

    Args:
        cgroups: Where cgroups are mounted; version 2, or version 1 with the controller `cpu` in a folder of its own.
        own: The list of the process's cgroups.

    Returns:
        The smallest quota on the way from its cgroup to the root, rounded down, at least 1; a very large number
        without one.
    """
    least = math.inf
    for folder, root in _cgroup_folders(cgroups, own):
        for place in (folder, *folder.parents):
            least = min(least, _quota(place))
            if place == root:
                break
    return max(1, int(min(least, 1e6)))


def _cgroup_folders(cgroups: Path, own: Path) -> list[tuple[Path, Path]]:
    """Return the process's folder of the controller `cpu`, and the root of its hierarchy, for each version in use."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        names = controllers.split(",")
        if not controllers:
            root = cgroups
        elif "cpu" in names:
            root = next((r for r in (cgroups / controllers, cgroups / "cpu") if r.is_dir()), cgroups)
        else:
            continue
        found.append((root / path.lstrip("/"), root))
    return found


def _quota(folder: Path) -> float:
    """Return the cores that one cgroup may use; infinity without a limit or such a folder, as within a container."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()[:2]
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return math.inf if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _slurm_tasks(environ: Mapping[str, str]) -> int:
    """Return the tasks of a job step on this machine; 0 outside of one."""
    if "SLURM_STEP_ID" not in environ and "SLURM_LOCALID" not in environ:
        return 0
    first = environ.get("SLURM_STEP_TASKS_PER_NODE", environ.get("SLURM_TASKS_PER_NODE", "")).split(",")[0]
    return _number({"tasks": first.split("(")[0]}, "tasks") or _number(environ, "SLURM_NTASKS_PER_NODE")


def _number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name, "").strip()
    return int(text) if text.isdigit() else 0
