"""What computes: the processor, or an accelerator."""

import torch

from yowo.errors import ConfigError


def pick_device(name: str) -> torch.device:
    """Return the device with a name; "auto" is the GPU if there is one, otherwise the CPU.

    Raises:
        ConfigError: This machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in counts or not (index.isdigit() or name == kind):
        raise ConfigError(f"device={name}: expected auto, cpu, cuda, cuda:N or mps")
    if int(index or 0) >= counts[kind]:
        raise ConfigError(f"device={name}: this machine has {counts[kind]} {kind} devices; device=auto takes the best")
    return torch.device(name)
