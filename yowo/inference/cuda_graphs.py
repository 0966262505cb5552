"""A network's forward pass as a CUDA graph: one launch in the place of hundreds, for batches of the same shape."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

_log = logging.getLogger(__name__)

FROM_TIMES = 3
"""A shape is recorded when it comes for this time: those of a source's last frames come once."""
MOST_SHAPES = 4
"""Graphs that are kept; each holds the memory of its activations."""
WARM_UP = 3
"""Passes before the recording, in which libraries choose their algorithms."""


class Recorded(NamedTuple):
    """A recorded pass.

    Attributes:
        graph: The graph.
        given: Its input, float [B, 3, K, H, W], which is filled anew for each pass.
        output: What the network returned; each pass overwrites its tensors.
    """

    graph: "torch.cuda.CUDAGraph"
    given: Tensor
    output: Any


class GraphedNetwork:
    """Calls a network on a GPU by CUDA graphs; what cannot be recorded is computed as always, and one line says so.

    The output's tensors are valid until the next call with the same shape. The weights must not be replaced by other
    tensors afterwards. Operations and numbers are those of the network itself.
    """

    def __init__(self, network: Callable[[Tensor], Any]) -> None:
        """Set the network: in evaluation mode, on a GPU, its result depending on nothing but the clips."""
        self._network = network
        self._seen: Counter[tuple[torch.Size, torch.dtype]] = Counter()
        self._recorded: dict[tuple[torch.Size, torch.dtype], Recorded] = {}
        self._possible = True

    def __call__(self, clips: Tensor) -> Any:
        """Compute the network's output.

        Args:
            clips: float [B, 3, K, H, W] on the GPU.

        Returns:
            See the class for how long it is valid.
        """
        key = (clips.shape, clips.dtype)
        if key not in self._recorded:
            self._seen[key] += 1
            if not self._possible or self._seen[key] < FROM_TIMES or len(self._recorded) == MOST_SHAPES:
                return self._network(clips)
            try:
                self._recorded[key] = recorded(self._network, clips)
            except RuntimeError as error:  # such as a synchronisation within the network, or too little memory
                self._possible = False
                torch.cuda.synchronize()
                words = str(error).strip().partition("\n")[0]
                _log.info("the network is not recorded as a CUDA graph, which costs speed only: %s", words)
                return self._network(clips)
        pass_ = self._recorded[key]
        pass_.given.copy_(clips)
        pass_.graph.replay()
        return pass_.output


def recorded(network: Callable[[Tensor], Any], clips: Tensor) -> Recorded:
    """Record a forward pass.

    Args:
        network: See `GraphedNetwork`.
        clips: float [B, 3, K, H, W] on the GPU, of the shape that all later ones have.

    Raises:
        RuntimeError: Something in the network cannot be recorded.
    """
    given = clips.clone()
    beside = torch.cuda.Stream(device=clips.device)  # type: ignore[no-untyped-call]
    beside.wait_stream(torch.cuda.current_stream(clips.device))
    with torch.cuda.stream(beside):
        for _ in range(WARM_UP):
            network(given)
    torch.cuda.current_stream(clips.device).wait_stream(beside)
    torch.clear_autocast_cache()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(clips.device), torch.cuda.graph(graph):
        output = network(given)
    return Recorded(graph, given, output)
