"""Parts of a network by name, as in `freeze=[backbone3d, backbone2d.conv_1]`, and what freezing one means."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from types import MethodType

from torch import nn

from yowo.errors import ConfigError


def find_parts(network: nn.Module, name: str, key: str) -> list[str]:
    """Find the parts that a name or pattern stands for.

    Args:
        network: The network.
        name: Names of nested modules with dots between them, such as "backbone2d.conv_1". In each of them `*` stands
            for any signs and `?` for one, so "backbone3d.layer?" is layer1 to layer4 but nothing inside them.
        key: Key of the configuration that the name is a value of, for the error message.

    Returns:
        Full names of the modules; each has parameters.

    Raises:
        ConfigError: No module with parameters has such a name.

    Examples:
        >>> net = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 2))
        >>> find_parts(net, "0", "freeze"), find_parts(net, "0.*", "freeze")
        (['0'], ['0.0'])
    """
    wanted = name.split(".")
    found = [
        path
        for path, module in network.named_modules()
        if len(parts := path.split(".")) == len(wanted)
        and all(map(fnmatchcase, parts, wanted))
        and next(module.parameters(), None) is not None
    ]
    if not found:
        raise ConfigError(f"{key}: the network has no part {name!r}; {_known(network, wanted)}")
    return found


def _known(network: nn.Module, wanted: Sequence[str]) -> str:
    """Return the names that continue the longest beginning of `wanted` that exists, in words."""
    inside, path = network, ""
    for name in wanted:
        children = dict(inside.named_children())
        if name not in children:
            break
        inside, path = children[name], f"{path}{name}."
    names = [
        f"{path}{child}" for child, module in inside.named_children() if next(module.parameters(), None) is not None
    ]
    return f"expected one of {', '.join(names)}" if names else f"nothing with weights is inside {path.rstrip('.')}"


def freeze(network: nn.Module, names: Sequence[str]) -> None:
    """Freeze parts: their parameters get no gradient, and they stay in evaluation mode whatever calls `train()`.

    So the statistics of their batch norms stay, and their dropout is off. Parameters without a gradient are not given
    to the optimizer, so that no weight decay changes them.

    Args:
        network: The network, changed in place.
        names: See `find_parts`.

    Raises:
        ConfigError: A name is unknown, or nothing is left to train.
    """
    for name in names:
        for path in find_parts(network, name, "freeze"):
            part = network.get_submodule(path)
            part.requires_grad_(False)
            part.train = MethodType(_stay_in_evaluation, part)  # type: ignore[method-assign]
            part.train()
    if names and not any(parameter.requires_grad for parameter in network.parameters()):
        raise ConfigError(f"freeze: {', '.join(names)} is the whole network; nothing is left to train")


def _stay_in_evaluation(part: nn.Module, mode: bool = True) -> nn.Module:
    """Take the place of `nn.Module.train` in a frozen part."""
    return nn.Module.train(part, False)
