import pytest
import torch
from omegaconf import OmegaConf

from yowo.commands.memory_shortage import fitting, memory_shortage
from yowo.errors import DatasetError

ON_CPU = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
)
ON_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...")
IN_WORKER = MemoryError(
    "Caught MemoryError in DataLoader worker process 0.\nOriginal Traceback ...\nMemoryError: memory"
)


def config(batch_size=8, precision="32-true", batches=1, **dataset):
    trainer = {"precision": precision, "accumulate_grad_batches": batches}
    return OmegaConf.create({"dataset": {"batch_size": batch_size, **dataset}, "trainer": trainer})


@pytest.mark.parametrize(
    ("error", "what"), [(ON_CPU, "memory ran"), (ON_GPU, "GPU memory ran"), (MemoryError(), "memory ran")]
)
def test_half_the_batch_and_twice_the_accumulation_are_advised(error, what):
    said = str(memory_shortage(error, config(batches=2)))
    assert said.startswith(
        f"{what} out with dataset.batch_size=8; dataset.batch_size=4 trainer.accumulate_grad_batches=4"
    )
    assert "trainer.precision=bf16-mixed" in said


def test_what_is_used_already_is_not_advised():
    said = str(memory_shortage(ON_GPU, config(1, "bf16-mixed")))
    assert "bf16" not in said and "accumulate" not in said and "a smaller dataset.image_size" in said


def test_evaluation_accumulates_nothing():
    said = str(memory_shortage(ON_GPU, config(), training=False))
    assert "dataset.batch_size=4 needs about 50%" in said and "accumulate" not in said


def test_data_workers_are_advised_to_be_fewer():
    said = str(memory_shortage(IN_WORKER, config(num_workers=4, cache=True)))
    assert "dataset.num_workers=2 needs less" in said and "dataset.cache=false" in said


@pytest.mark.parametrize(
    "error", [RuntimeError("shape mismatch"), DatasetError("not enough memory"), KeyError("memory")]
)
def test_other_errors_are_not_about_memory(error):
    assert memory_shortage(error, config()) is None


@pytest.mark.parametrize(("batch", "accumulated"), [(8, 1), (6, 2), (7, 1), (5, 3), (2, 1), (12, 16)])
def test_a_step_keeps_its_clips(batch, accumulated):
    smaller, batches = fitting(batch, accumulated)
    assert smaller * batches == batch * accumulated and 1 <= smaller <= batch // 2
