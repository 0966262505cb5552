"""Cost of each part of a detector: parameters, multiply-adds, and the shape of its output."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from yowo.models.detector import Detector


class ModuleCost(NamedTuple):
    """Cost of one part of a detector for one clip.

    Attributes:
        name: Name of the part, as in the detector and the configuration.
        parameters: Number of learned values.
        multiply_adds: Of its convolutions and matrix products; norms and activations are not counted, as in the papers.
        shape: Shape of its output without the batch; of several outputs the first. Empty where the part itself is not
            called, such as a list of modules.
    """

    name: str
    parameters: int
    multiply_adds: int
    shape: tuple[int, ...]


def module_costs(detector: Detector, clip_len: int, image_size: tuple[int, int]) -> list[ModuleCost]:
    """Measure the parts of a detector without computing any value.

    Args:
        detector: On the device "meta", as made under `with torch.device("meta")`. Its parts are its direct children.
        clip_len: K, frames of the clip.
        image_size: Height and width of the input in pixels, multiples of the coarsest stride.

    Returns:
        The parts that have parameters, in the order in which the detector's constructor made them.

    Raises:
        ConfigError: The network cannot process such clips.
    """
    parts = [name for name, child in detector.named_children() if next(child.parameters(), None) is not None]
    shapes: dict[str, tuple[int, ...]] = {}

    def noted(name: str) -> None:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            shapes[name] = tuple(_first_tensor(output).shape[1:])

        handles.append(detector.get_submodule(name).register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for part in parts:
        noted(part)
    training = detector.training
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            detector.eval()(torch.empty(1, 3, clip_len, *image_size, device="meta"))
    finally:
        detector.train(training)
        for handle in handles:
            handle.remove()
    counted = {str(name): sum(flops.values()) // 2 for name, flops in counter.get_flop_counts().items()}
    return [
        ModuleCost(
            part, _parameters(detector.get_submodule(part)), _counted(counted, detector, part), shapes.get(part, ())
        )
        for part in parts
    ]


def frame_costs(detector: Detector, image_size: tuple[int, int]) -> list[ModuleCost] | None:
    """Measure the parts of a network with a memory for one new frame of a stream; None for networks without one.

    Args:
        detector: See `module_costs`; a network with a memory has the method `advance`.
        image_size: Height and width of the input in pixels.
    """
    return module_costs(detector, 1, image_size) if hasattr(detector, "advance") else None


def _counted(counted: dict[str, int], detector: nn.Module, part: str) -> int:
    """Return the multiply-adds of a part; those of a list of modules are the sum over its entries."""
    name = f"{type(detector).__name__}.{part}"
    if name in counted:
        return counted[name]
    children = detector.get_submodule(part).named_children()
    return sum(_counted(counted, detector, f"{part}.{child}") for child, _ in children)


def _first_tensor(output: object) -> Tensor:
    """Return a module's output, or the first of several."""
    while not isinstance(output, Tensor):
        output = next(iter(output.values() if isinstance(output, dict) else output))  # type: ignore[call-overload]
    return output


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
