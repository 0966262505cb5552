import pytest
import torch
from omegaconf import OmegaConf

from yowo.config.build_training import build_trainer
from yowo.config.compose import compose_config
from yowo.config.launchers import Started, check_batch_norm, check_launcher, number_of_devices, started
from yowo.errors import ConfigError

TORCHRUN = {"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "2"}
SLURM = {"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NNODES": "2", "SLURM_STEP_ID": "0"}


def test_launchers_tell_what_they_have_started():
    assert started(TORCHRUN) == Started("torchrun", 4, 2)
    assert started(SLURM) == Started("slurm", 4, 2)
    assert started(TORCHRUN | SLURM).by == "torchrun"
    assert started({}) is None and started(SLURM | {"SLURM_JOB_NAME": "interactive"}) is None
    assert started({"SLURM_NTASKS": "1"}) == Started("slurm", 1, 1)


def test_a_job_of_several_tasks_needs_srun_and_tasks_by_node():
    with pytest.raises(ConfigError, match="has 4 tasks, and one of them is running: put srun before yowo"):
        started({"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "2"})
    with pytest.raises(ConfigError, match=r"--ntasks=4.*give --ntasks-per-node in its place"):
        started({"SLURM_NTASKS": "4", "SLURM_STEP_ID": "0"})


@pytest.mark.parametrize(
    ("devices", "nodes", "message"),
    [
        (2, 1, r"trainer\.devices=2 trainer\.num_nodes=1: 2 processes on 1 node, and torchrun has started 4 processes"),
        (1, 4, "4 processes on 4 nodes, and torchrun has started 4 processes on 2 nodes; give trainer=torchrun"),
        ([0, 1, 2], 2, r"trainer\.devices=\[0, 1, 2\].*6 processes on 2 nodes"),
        ("auto", 1, "trainer.devices=auto.*1 process on 1 node"),
    ],
)
def test_other_numbers_than_the_launchers_are_told_in_one_line(devices, nodes, message):
    trainer = OmegaConf.create({"devices": devices, "num_nodes": nodes, "accelerator": "cpu"})
    with pytest.raises(ConfigError, match=message):
        check_launcher(trainer, TORCHRUN)
    check_launcher(trainer, {})


@pytest.mark.parametrize(("choice", "environ"), [("torchrun", TORCHRUN), ("slurm", SLURM)])
def test_the_launchers_trainer_takes_their_numbers(monkeypatch, choice, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    trainer = compose_config("train", [f"trainer={choice}"]).trainer
    assert (trainer.devices, trainer.num_nodes) == (2, 2)
    check_launcher(trainer)


def test_devices_are_counted_as_the_trainer_counts_them():
    counted = [number_of_devices(OmegaConf.create({"devices": d, "accelerator": "cpu"})) for d in (3, "2", "0,2", -1)]
    assert counted == [3, 2, 2, 1]


def test_batch_norm_is_synchronised_on_gpus_only():
    with pytest.raises(ConfigError, match=r"trainer\.sync_batchnorm=true: .*GPUs only"):
        check_batch_norm(True, torch.device("cpu"), 2)
    for synchronised, device, processes in ((False, "cpu", 2), (True, "cpu", 1), (True, "cuda", 2)):
        check_batch_norm(synchronised, torch.device(device), processes)


def test_what_a_trainer_cannot_do_is_one_line_with_its_keys():
    config = compose_config("train", ["trainer=cpu", "trainer.strategy=foo"])
    with pytest.raises(ConfigError, match=r"trainer\.accelerator=cpu trainer\.devices=1: .*invalid strategy") as error:
        build_trainer(config)
    assert "\n" not in str(error.value)
