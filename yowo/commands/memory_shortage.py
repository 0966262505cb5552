"""What to say when memory runs out: the keys to type, computed from the configuration of the run."""

import re

from omegaconf import DictConfig, OmegaConf

from yowo.errors import YowoError

SAID = re.compile(r"not enough memory|can't allocate memory|Cannot allocate memory|CUDA out of memory", re.IGNORECASE)
IN_A_WORKER = re.compile(r"DataLoader worker|shared memory|bus error", re.IGNORECASE)


class MemoryShortageError(YowoError):
    """Memory ran out; the message says which values need less."""


def memory_shortage(error: BaseException, config: DictConfig, training: bool = True) -> MemoryShortageError | None:
    """Return the error to tell when memory has run out; None if `error` is about something else.

    Args:
        error: What the run raised.
        config: Its configuration.
        training: Whether it was training; otherwise there is no gradient to accumulate.
    """
    if isinstance(error, YowoError) or not isinstance(error, (MemoryError, RuntimeError)):
        return None
    words = str(error)
    of_torch = type(error).__name__ == "OutOfMemoryError"
    in_a_worker = IN_A_WORKER.search(words) is not None and "emory" in words
    if not (of_torch or isinstance(error, MemoryError) or SAID.search(words) or in_a_worker):
        return None
    device = "GPU memory" if of_torch or "CUDA" in words else "memory"
    if in_a_worker:
        workers = int(config.dataset.num_workers)
        return MemoryShortageError(
            f"memory ran out in the data workers, with dataset.num_workers={workers}; dataset.num_workers="
            f"{workers // 2} needs less{_no_cache(config)}"
        )
    batch = int(config.dataset.batch_size)
    return MemoryShortageError(f"{device} ran out with dataset.batch_size={batch}; {_less(config, batch, training)}")


def _less(config: DictConfig, batch: int, training: bool) -> str:
    """Return what needs less memory, the same result first."""
    ways = []
    if batch > 1:
        smaller, batches = fitting(batch, int(OmegaConf.select(config, "trainer.accumulate_grad_batches") or 1))
        same = f" trainer.accumulate_grad_batches={batches}" if training else ""
        equal = ", with as many clips a step" if training else ""
        ways.append(f"dataset.batch_size={smaller}{same} needs about {smaller / batch:.0%} of it{equal}")
    if training and OmegaConf.select(config, "gradient_checkpointing") is False:
        ways.append("gradient_checkpointing=true")
    if training and str(OmegaConf.select(config, "trainer.precision")) in ("32-true", "32"):
        ways.append("trainer.precision=bf16-mixed")
    if not ways or batch == 1:
        ways.append("a smaller dataset.image_size or dataset.clip_len")
    return "; or ".join(ways) + _no_cache(config)


def fitting(batch: int, accumulated: int) -> tuple[int, int]:
    """Return a batch size of at most half, and the batches to accumulate so that a step has as many clips.

    Args:
        batch: Clips of a batch, at least 2.
        accumulated: Batches of an optimizer step.

    Examples:
        >>> fitting(8, 1), fitting(6, 2), fitting(7, 1)
        ((4, 2), (3, 4), (1, 7))
    """
    clips = batch * accumulated
    smaller = next(size for size in range(batch // 2, 0, -1) if clips % size == 0)
    return smaller, clips // smaller


def _no_cache(config: DictConfig) -> str:
    return "; or dataset.cache=false" if OmegaConf.select(config, "dataset.cache") else ""
