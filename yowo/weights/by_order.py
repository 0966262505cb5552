"""State dicts whose entries are those of a network in their order, by other names."""

from collections.abc import Mapping

from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.weights.fitting import COUNTER


def state_by_order(state: Mapping[str, Tensor], network: nn.Module, classifier: str, source: str) -> dict[str, Tensor]:
    """Give the entries of a state dict the names of a network's, first to first and last to last.

    Args:
        state: Tensors by other names; with the counters of batch norms, or without any.
        network: The network they are for.
        classifier: Beginning of the names that keep their names, because the network has no such part.
        source: Name of the file for error messages.

    Returns:
        Tensors by the network's names.

    Raises:
        WeightsError: The state dict has more or fewer entries than the network.
    """
    kept = {name: tensor for name, tensor in state.items() if name.startswith(classifier)}
    theirs = [name for name in state if name not in kept]
    counted = any(name.endswith(COUNTER) for name in theirs)
    ours = ordered_names(network, counted)
    if len(ours) != len(theirs):
        raise WeightsError(
            f"{source}: expected {len(ours)} entries besides {classifier}* for this 2D backbone "
            f"({type(network).__name__}), got {len(theirs)}: the file is of another network; check backbone2d="
        )
    return {new: state[old] for new, old in zip(ours, theirs, strict=True)} | kept


def ordered_names(network: nn.Module, counted: bool) -> list[str]:
    """Return the names of a network's entries in order, with or without the counters of its batch norms."""
    return [name for name in network.state_dict() if counted or not name.endswith(COUNTER)]
