"""What each part of a detector costs: parameters, multiply-adds, and the shape that comes out of it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from yowo.models.detector import Detector

MODULES = ("backbone2d", "backbone3d", "fusion", "head")


class ModuleCost(NamedTuple):
    """One part of a detector, for one clip.

    Attributes:
        name: Of the part, as in the configuration.
        parameters: Learned numbers.
        multiply_adds: Of its convolutions and matrix products; norms and activations are not counted, as in the papers.
        shape: Of its output, without the batch.
    """

    name: str
    parameters: int
    multiply_adds: int
    shape: tuple[int, ...]


def module_costs(detector: Detector, clip_len: int, image_size: tuple[int, int]) -> list[ModuleCost]:
    """Measure the parts of a detector, without computing anything.

    Args:
        detector: On the device "meta", as made under `with torch.device("meta")`.
        clip_len: K.
        image_size: Height and width of the input in pixels, multiples of 32.

    Returns:
        The parts in the order of the forward pass.

    Raises:
        ConfigError: The network cannot take such clips.
    """
    shapes: dict[str, tuple[int, ...]] = {}

    def noted(name: str) -> None:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            shapes[name] = tuple(output.shape[1:])

        handles.append(detector.get_submodule(name).register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for part in MODULES:
        noted(part)
    training = detector.training
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            detector.eval()(torch.empty(1, 3, clip_len, *image_size, device="meta"))
    finally:
        detector.train(training)
        for handle in handles:
            handle.remove()
    counted = {str(name).rpartition(".")[2]: flops for name, flops in counter.get_flop_counts().items()}
    return [
        ModuleCost(part, _parameters(detector.get_submodule(part)), sum(counted[part].values()) // 2, shapes[part])
        for part in MODULES
    ]


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
