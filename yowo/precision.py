"""Where float32 is kept while a network computes in half precision (autocast)."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor

Owner = TypeVar("Owner")
Result = TypeVar("Result")
Rest = ParamSpec("Rest")
HALF = (torch.float16, torch.bfloat16)


def widened(values: Tensor) -> Tensor:
    """Return float16 and bfloat16 values as float32; other types unchanged."""
    return values.float() if values.dtype in HALF else values


def full_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Return a context in which operations keep the type of their inputs, also inside `torch.autocast`.

    Inputs in half precision must be converted, see `widened`.

    Args:
        device: Where the operations run.
    """
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def in_full_precision(
    method: Callable[Concatenate[Owner, Any, Rest], Result],
) -> Callable[Concatenate[Owner, Any, Rest], Result]:
    """Decorate a method whose first argument is raw output (see `RawOutput`): autocast is off while it runs."""

    @wraps(method)
    def run(self: Owner, raw: Any, *args: Rest.args, **more: Rest.kwargs) -> Result:
        with full_precision(raw["cls"].device):
            return method(self, raw, *args, **more)

    return run  # type: ignore[return-value]  # mypy: its first arguments could be given by other names
