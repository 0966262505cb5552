"""The table of `yowo info`: parameters, multiply-adds and output shapes of a network, part by part."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from omegaconf import DictConfig
from rich.table import Table

from yowo.config.build import build_detector, image_size
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config
from yowo.models.cost import ModuleCost, frame_costs, module_costs
from yowo.reports.published import PublishedRow, published_rows, row_of

NETWORK = ("model", "backbone2d", "backbone3d", "fusion")
"""Groups that decide what a network costs."""
FREE = ("channels_last", "fusion_norm_eps", "released")
"""Keys of theirs that do not."""


class NetworkInfo(NamedTuple):
    """What `yowo info` shows of a network.

    Attributes:
        table: One row per part, and their sum.
        lines: How the sum compares with the published figures; empty for a network without published ones.
    """

    table: Table
    lines: list[str]


def network_info(config: DictConfig) -> NetworkInfo:
    """Count the parameters and multiply-adds of the network of a configuration.

    Args:
        config: Configuration of `yowo train`.

    Returns:
        The table, whose last rows are the sum and, for a network with a memory, what a frame of a stream costs; and the
        comparison.

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
    total = _total("sum", costs)
    table.add_row("sum", *_cells(total)[:2], "")
    if of_a_frame := frame_costs(detector, (height, width)):
        total = _total("one frame of a stream", of_a_frame)
        table.add_row(total.name, *_cells(total)[:2], "")
    return NetworkInfo(table, comparison(config, total))


def comparison(config: DictConfig, total: ModuleCost) -> list[str]:
    """Compare a network's cost with the published one.

    Args:
        config: Configuration of `yowo train`.
        total: Of the network: for a clip, or where the published figure is so, for a frame of a stream.

    Returns:
        Lines of text; none for a network that nothing is published of.
    """
    rows = [row for row in published_rows() if row.model == config.model.name and row.context is None]
    if not rows:
        return []
    row = row_of(str(config.model.name), str(config.dataset.name), int(config.dataset.clip_len), None)
    if row is None or not _same_network(config, row):
        names = ", ".join(row.name for row in rows)
        return [f"published: for other data, clips or parts; compare with yowo info experiment=NAME: {names}"]
    figures = [
        f"{value} {unit} ({own / scale:.2f} counted, {own / scale / value - 1:+.1%})"
        for value, own, scale, unit in (
            (row.parameters, total.parameters, 1e6, "M parameters"),
            (row.multiply_adds, total.multiply_adds, 1e9, "G multiply-adds"),
        )
        if value is not None
    ]
    return [f"published: {', '.join(figures) or 'no cost'}", *([row.note] if row.note else [])]


def _same_network(config: DictConfig, row: PublishedRow) -> bool:
    """Return whether a configuration's network is that of a row, at its image size."""
    published = compose_config("train", [f"experiment={row.name}"])
    own, theirs = (
        {group: {k: v for k, v in parts[group].items() if k not in FREE} for group in NETWORK}
        for parts in (portable(config), portable(published))
    )
    return image_size(config) == image_size(published) and own == theirs


def _total(name: str, costs: Sequence[ModuleCost]) -> ModuleCost:
    return ModuleCost(name, sum(c.parameters for c in costs), sum(c.multiply_adds for c in costs), costs[-1].shape)


def _cells(cost: ModuleCost) -> tuple[str, str, str]:
    """Format the numbers of a part."""
    return f"{cost.parameters:,}", f"{cost.multiply_adds / 1e9:.2f} G", " x ".join(map(str, cost.shape))
