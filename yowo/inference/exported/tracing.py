"""A network as a program of torch.export: tensors in, tensors out, any number of clips of any size."""

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from yowo.contracts import RawOutput
from yowo.errors import ConfigError
from yowo.inference.exported.folding import fold_batch_norms

OUTPUTS = ("cls", "conf", "boxes", "deltas")
"""Outputs of a network that depend on the clips, see `RawOutput`; the others follow from the input's size."""
MOST_CLIPS, MOST_CELLS = 1024, 128
"""Bounds of what a traced program accepts: clips, and coarsest cells in each direction."""
TALKATIVE = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir", "nncf")
"""Loggers of exporters."""
CLIPS = "clips"
"""Name of the input."""


class TensorsOnly(nn.Module):
    """A network whose output is a tuple of tensors: `RawOutput` also holds integers, which exporters do not take."""

    def __init__(self, network: nn.Module, outputs: Sequence[str]) -> None:
        """Wrap a network.

        Args:
            network: From clips to `RawOutput`.
            outputs: Keys of the output to return.
        """
        super().__init__()
        self.network, self.outputs = network, tuple(outputs)

    def forward(self, clips: Tensor) -> tuple[Tensor, ...]:
        """Map clips, float [B, 3, K, H, W], to the chosen outputs, in their order."""
        raw = cast(Mapping[str, Tensor], self.network(clips))
        return tuple(raw[name] for name in self.outputs)


class Traced(NamedTuple):
    """A traced network.

    Attributes:
        program: The program.
        inputs: Names of its inputs, in order.
        outputs: Names of its outputs, in order.
        axes: Names of the axes of inputs and outputs that have any length, by their places.
        levels: See `ExportFacts.levels`.
    """

    program: ExportedProgram
    inputs: list[str]
    outputs: list[str]
    axes: dict[str, dict[int, str]]
    levels: list[dict[str, Any]]


@torch.no_grad()
def trace(network: nn.Module, clip_len: int, stride: int, name: str = "network") -> Traced:
    """Trace a network, its batch norms folded; the network itself is not changed.

    Args:
        network: From clips to `RawOutput`, on any device.
        clip_len: K, frames of a clip; the program takes no other number.
        stride: Of its coarsest level; sides of the input are multiples of it.
        name: Of the network, for errors.

    Returns:
        The program, on the CPU, for any number of clips of any height and width that are multiples of the stride.

    Raises:
        ConfigError: torch.export cannot trace the network.
    """
    whole = copy.deepcopy(network).cpu().eval()
    small = torch.zeros(2, 3, clip_len, 3 * stride, 4 * stride)  # sides that differ from each other and from 1
    fold_batch_norms(whole, lambda: whole(small))
    raw: RawOutput = whole(small)
    outputs = [key for key in OUTPUTS if key in raw]
    batch, rows, columns = free_sizes()
    shapes = ({0: batch, 3: stride * rows, 4: stride * columns},)
    program = program_of(TensorsOnly(whole, outputs), (small,), shapes, name)
    axes = {name: {0: "batch", 1: "predictions"} for name in outputs}
    axes[CLIPS] = {0: "batch", 3: "height", 4: "width"}
    return Traced(program, [CLIPS], outputs, axes, levels_of(raw))


def free_sizes() -> tuple[Any, Any, Any]:
    """Return the sizes that a program leaves open: clips, and rows and columns of coarsest cells."""
    bounds = {"batch": MOST_CLIPS, "rows": MOST_CELLS, "columns": MOST_CELLS}
    batch, rows, columns = (Dim(name, min=1, max=most) for name, most in bounds.items())
    return batch, rows, columns


def program_of(module: nn.Module, example: tuple[Any, ...], shapes: tuple[Any, ...], name: str) -> ExportedProgram:
    """Trace a module.

    Args:
        module: In evaluation mode.
        example: Its arguments, in sizes that differ from each other.
        shapes: Which of their axes have any size, see `torch.export.export`.
        name: Of the network, for errors.

    Raises:
        ConfigError: torch.export cannot trace it.
    """
    try:
        with quietly():
            return torch.export.export(module.eval(), example, dynamic_shapes=shapes)
    except Exception as error:  # of many kinds: what stops a trace depends on the network
        raise ConfigError(f"model={name}: torch.export cannot trace this network ({_first_line(error)})") from error


def levels_of(raw: RawOutput) -> list[dict[str, Any]]:
    """Return stride and anchors of each level of a network, see `ExportFacts.levels`."""
    levels, first = [], 0
    for level in raw["levels"]:
        sizes: list[Any] = [None] * level.per_cell
        if "anchors" in raw:
            sizes = raw["anchors"][first : first + level.per_cell, 2:].tolist()
        levels.append({"stride": level.stride, "anchors": sizes})
        first += level.predictions
    return levels


@contextmanager
def quietly() -> Iterator[None]:
    """Keep warnings of exporters about their own use of other libraries from a user, who cannot act on them."""
    logs = [logging.getLogger(name) for name in TALKATIVE]
    before = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, before, strict=True):
            log.setLevel(level)


def _first_line(error: BaseException) -> str:
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
