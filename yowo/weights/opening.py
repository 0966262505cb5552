"""Opens weights: reads a file, recognises its kind, and gives its tensors our names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.weights.by_order import state_by_order
from yowo.weights.darknet import DarknetWeights, darknet_state
from yowo.weights.kinds import DARKNET_FILE, Kind, kind_of, state_of
from yowo.weights.reading import DARKNET_KEY, read_checkpoint


@dataclass(frozen=True)
class Weights:
    """An opened weights file.

    Attributes:
        source: Name of the file, for messages.
        kind: Kind of the file.
        state: Tensors by our names, without the prefix of the part; empty for a darknet file.
        darknet: Values of a darknet file, which have no names; None for other files.
        content: Everything in the file.
    """

    source: str
    kind: Kind
    state: dict[str, Tensor]
    darknet: DarknetWeights | None
    content: Mapping[Any, Any]

    def entries(self, network: nn.Module) -> dict[str, Tensor]:
        """Return the tensors by the names of a network.

        Args:
            network: The network or backbone that they are for; only files that go by order, not by names, need it.

        Returns:
            Tensors by name.

        Raises:
            WeightsError: A file that goes by order has more or fewer values or entries than `network`.
        """
        if self.darknet is not None:
            return darknet_state(self.darknet, network, self.source)
        if self.kind.classifier:
            return state_by_order(self.state, network, self.kind.classifier, self.source)
        return self.state


def open_weights(source: str | Path | Mapping[str, Any]) -> Weights:
    """Open weights and recognise their kind by their content.

    Args:
        source: A file, or a mapping such as a state dict or the content of a checkpoint.

    Returns:
        The tensors by our names, with the kind of the file.

    Raises:
        WeightsError: The file cannot be read or contains no weights.
    """
    name = "state dict" if isinstance(source, Mapping) else str(source)
    content = source if isinstance(source, Mapping) else read_checkpoint(source)
    darknet = content.get(DARKNET_KEY)
    if isinstance(darknet, DarknetWeights):
        return Weights(name, DARKNET_FILE, {}, darknet, content)
    state = state_of(content, name)
    kind = kind_of(list(state), max(tensor.ndim for tensor in state.values()))
    try:
        return Weights(name, kind, kind.rename(state), None, content)
    except WeightsError as error:
        raise WeightsError(f"{name}: {error}") from error
