"""States of the random generators of a process, as plain containers and tensors that a checkpoint can hold."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor


def random_states(device: torch.device) -> dict[str, Any]:
    """Return the states of the generators of torch, numpy, Python and a device.

    Args:
        device: The device that this process computes on.

    Returns:
        `torch` and, on a GPU, `device` as uint8 tensors; `numpy` and `python` as dicts of numbers and one int64 tensor.
    """
    kind, words, position, has_gauss, gauss = np.random.get_state(legacy=True)
    version, numbers, python_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "device": _device_state(device),
        "numpy": {
            "kind": str(kind),
            "words": torch.from_numpy(np.asarray(words).astype(np.int64)),
            "position": int(position),
            "has_gauss": int(has_gauss),
            "gauss": float(gauss),
        },
        "python": {"version": version, "numbers": torch.tensor(numbers, dtype=torch.int64), "gauss": python_gauss},
    }


def restore_random_states(states: dict[str, Any], device: torch.device) -> None:
    """Set the generators to states of `random_states`.

    Args:
        states: The states; that of the device is left out if it was a device of another kind.
        device: The device that this process computes on.
    """
    torch.set_rng_state(states["torch"].cpu())
    kept = states["device"]
    if kept is not None and kept["type"] == device.type:
        _set_device_state(kept["state"].cpu(), device)
    numpy = states["numpy"]
    words = numpy["words"].cpu().numpy().astype(np.uint32)
    np.random.set_state((numpy["kind"], words, numpy["position"], numpy["has_gauss"], numpy["gauss"]))
    python = states["python"]
    random.setstate((python["version"], tuple(python["numbers"].tolist()), python["gauss"]))


def _device_state(device: torch.device) -> dict[str, Any] | None:
    state: Tensor | None = None
    if device.type == "cuda":
        state = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state = torch.mps.get_rng_state()
    return None if state is None else {"type": device.type, "state": state}


def _set_device_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
