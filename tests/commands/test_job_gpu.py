import pytest
from omegaconf import OmegaConf

from yowo.commands import job_gpu
from yowo.commands.job_gpu import free_one, gpu_of_job, visible_gpus


def config(**trainer):
    return OmegaConf.create({"trainer": {"accelerator": "auto", "devices": "auto", **trainer}})


@pytest.fixture(autouse=True)
def no_gpu_is_kept():
    yield
    while job_gpu._held:
        job_gpu._held.pop().close()


def test_the_variable_limits_the_choice():
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "3, GPU-5"}) == ["3", "GPU-5"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == []


def test_each_worker_has_a_gpu_and_gives_it_back(tmp_path):
    assert free_one(["3", "5"], tmp_path) == "3"
    first = job_gpu._held.pop()  # as another worker holds it
    assert free_one(["3", "5"], tmp_path) == "5"
    assert free_one(["3"], tmp_path) is None
    first.close()
    assert free_one(["3", "5"], tmp_path) == "3"


@pytest.mark.parametrize("trainer", [{"accelerator": "cpu"}, {"devices": 2}, {"devices": [1]}])
def test_a_job_that_names_its_devices_keeps_them(trainer, tmp_path):
    assert gpu_of_job(config(**trainer), tmp_path, {"CUDA_VISIBLE_DEVICES": "0,1"}) is None


def test_there_is_nothing_to_choose_with_one_gpu(tmp_path):
    assert gpu_of_job(config(), tmp_path, {"CUDA_VISIBLE_DEVICES": "0"}) is None
    assert gpu_of_job(config(), tmp_path, {"CUDA_VISIBLE_DEVICES": "0,1"}) == "0"
