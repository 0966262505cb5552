"""The table of `yowo info`: parameters, multiply-adds and output shapes of a network, part by part."""

import torch
from omegaconf import DictConfig
from rich.table import Table

from yowo.config.build import build_detector, image_size
from yowo.models.cost import ModuleCost, module_costs


def info_table(config: DictConfig) -> Table:
    """Count the parameters and multiply-adds of the network of a configuration.

    Args:
        config: Configuration of `yowo train`.

    Returns:
        One row per part, and their sum.

    Raises:
        ConfigError: The parts do not match each other.
    """
    with torch.device("meta"):
        detector = build_detector(config).to("meta")
    height, width = image_size(config)
    clip_len = int(config.dataset.clip_len)
    costs = module_costs(detector, clip_len, (height, width))
    clip = f"one clip of {clip_len} x {height} x {width}"
    table = Table("part", title=f"{config.model.name}, {config.dataset.name}: {detector.num_classes} classes, {clip}")
    for name in ("parameters", "multiply-adds", "output"):
        table.add_column(name, justify="right")
    for cost in costs:
        table.add_row(cost.name, *_cells(cost))
    table.add_section()
    total = ModuleCost("sum", sum(c.parameters for c in costs), sum(c.multiply_adds for c in costs), costs[-1].shape)
    table.add_row("sum", *_cells(total)[:2], "")
    return table


def _cells(cost: ModuleCost) -> tuple[str, str, str]:
    """Format the numbers of a part."""
    return f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f} G", " x ".join(map(str, cost.shape))
