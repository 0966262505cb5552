import sys
from types import SimpleNamespace

import pytest
from hydra.errors import HydraException
from hydra.types import RunMode

from yowo.commands.ray_launcher import RayLauncher
from yowo.commands.sweep_job import SweepJob
from yowo.config.search_path import composer
from yowo.reports.run_status import DONE, FAILED, ended, read_status, started


class RayError(Exception):
    pass


def made_up_ray(results):
    """A module with what the launcher uses of Ray; each task has a made-up result."""
    calls = []

    def remote(**resources):
        def of(function):
            return SimpleNamespace(
                remote=lambda *words, **more: calls.append((resources, words, more)) or len(calls) - 1
            )

        return of

    def get(ref):
        if isinstance(results[ref], Exception):
            raise results[ref]
        return results[ref]

    return SimpleNamespace(
        remote=remote, get=get, calls=calls, is_initialized=lambda: True, cluster_resources=lambda: {"GPU": 2.0},
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": 8.0}}], exceptions=SimpleNamespace(RayError=RayError),
    )  # fmt: skip


def test_a_job_whose_worker_is_gone_fails_alone(tmp_path, monkeypatch):
    ray = made_up_ray([RayError("The worker died"), ended(started(), DONE, score=0.5)])
    monkeypatch.setitem(sys.modules, "ray", ray)
    launcher = RayLauncher(cpus=4, gpus=None, init={})
    with composer("train") as hydra:
        config = hydra.compose_config("train", [f"hydra.sweep.dir={tmp_path}", "hydra.mode=MULTIRUN"], RunMode.MULTIRUN)
        context = SimpleNamespace(config_loader=hydra.config_loader)
        launcher.setup(hydra_context=context, task_function=SweepJob(None, ["yowo", "train"]), config=config)
        done = launcher.launch([["seed=1"], ["seed=2"]], initial_job_idx=7)
    assert [job.return_value for job in done] == [pytest.approx(float("nan"), nan_ok=True), 0.5]
    assert read_status(tmp_path / "7").state == FAILED and "The worker died" in read_status(tmp_path / "7").reason
    resources, words, _ = ray.calls[1]
    assert resources == {"num_cpus": 4.0, "num_gpus": 1.0, "max_retries": 0}
    assert words[0][:3] == ["yowo", "train", "seed=2"] and f'hydra.run.dir="{tmp_path}/8"' in words[0]
    assert words[1:4] == (tmp_path / "8", tmp_path, "job 8 (seed=2)")


def test_without_ray_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(HydraException, match="run pip install ray"):
        RayLauncher(1, None, {}).setup(hydra_context=None, task_function=SweepJob(None, []), config=None)
