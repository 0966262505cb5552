"""`yowo data anchors`: computes anchors from the boxes of a project."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from yowo.boxes.anchor_clusters import mean_best_iou
from yowo.commands.options import OptionParser
from yowo.errors import ConfigError
from yowo.projects.opened import open_project
from yowo.projects.project import ANCHORS, FACTS, find_anchors, read_facts, write_facts
from yowo.reports.narrow_tables import print_table
from yowo.whole_file import whole_file

EPILOG = f"""With --write the anchors are stored in {FACTS} of the folder, where training reads them.
Weights that were trained with other anchors can still be loaded, but are a worse start."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data anchors`.

    Raises:
        ConfigError: --count is below 1 or --seed below 0.
        DatasetError: The folder is not a project.
        AnnotationError: The project's files are damaged.
    """
    options = parser().parse_args(arguments)
    if options.count < 1 or options.seed < 0:
        raise ConfigError(
            f"--count, --seed: expected --count of at least 1 and --seed of at least 0, got {options.count} and "
            f"{options.seed}"
        )
    sizes = open_project(options.root).box_sizes
    anchors = find_anchors(sizes, options.count, options.seed)
    console = Console()
    overlap = mean_best_iou(sizes, np.array(anchors))
    table = Table(title=f"{len(anchors)} anchors for {len(sizes)} boxes: mean best IoU {overlap:.3f}")
    for column in ("width", "height"):
        table.add_column(column, justify="right")
    for width, height in anchors:
        table.add_row(f"{width:.4f}", f"{height:.4f}")
    print_table(console, table)
    facts = read_facts(options.root)
    if facts.anchors is not None:
        before = mean_best_iou(sizes, np.array(facts.anchors))
        console.print(f"anchors in {FACTS}: mean best IoU {before:.3f}", highlight=False)
    pairs = ",".join(f"[{w:g},{h:g}]" for w, h in anchors)
    console.print(f"fractions of the picture: dataset.anchors=[{pairs}]", highlight=False, markup=False, soft_wrap=True)
    if options.write:
        with whole_file(options.root / FACTS) as unfinished:
            write_facts(unfinished, facts._replace(anchors=anchors))
        console.print(f"written to {options.root / FACTS}", highlight=False, markup=False, soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo data anchors",
        description="k-means clustering of the boxes of a project by IoU.",
        epilog=EPILOG,
    )
    made.add_argument("root", type=Path, help="folder of a project")
    made.add_argument("--count", type=int, default=ANCHORS, help=f"number of anchors ({ANCHORS})")
    made.add_argument("--seed", type=int, default=0, help="seed of the first cluster centres")
    made.add_argument("--write", action="store_true", help=f"write the anchors to {FACTS}")
    return made
