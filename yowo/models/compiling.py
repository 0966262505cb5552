"""torch.compile of a network, in place, so that names in checkpoints stay."""

import torch
from torch import nn

from yowo.errors import ConfigError


def compile_network(network: nn.Module, device: torch.device | None = None) -> None:
    """Have a network compiled when it runs for the first time.

    `nn.Module.compile` leaves the module and its names as they are; copies of it (a moving average) are not compiled.

    Args:
        network: The network.
        device: Where it will run; None is the GPU if there is one, else the CPU.

    Raises:
        ConfigError: This machine cannot compile, because it has no compiler.
    """
    if device is None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.compile(_probe)(torch.ones(2, device=device))
    except Exception as error:  # of many kinds: each part of the compiler has its own
        cause = _first_cause(error)
        raise ConfigError(
            f"compile: this machine cannot compile networks ({cause}); install a C++ compiler, or set compile=false"
        ) from error
    network.compile()


def _probe(x: torch.Tensor) -> torch.Tensor:
    return x.sin() + 1


def _first_cause(error: BaseException) -> str:
    """Return the first line of the error that another error was raised from."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    words = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
