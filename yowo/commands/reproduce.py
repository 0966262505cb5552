"""`yowo reproduce`: evaluate the rows of a table of the report that have weights, beside the published figures."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from yowo.commands.options import OptionParser
from yowo.commands.quick_start import job_begins
from yowo.errors import ConfigError
from yowo.reports.metrics_file import write_metrics
from yowo.reports.narrow_tables import print_table
from yowo.reports.paper_table import as_markdown, as_table
from yowo.reports.published import PublishedRow, published_rows
from yowo.whole_file import whole_file

SUFFIXES = (".ckpt", ".safetensors", ".pth", ".pt")


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo reproduce`.

    Raises:
        ConfigError: The folder of weights has none for this table.
    """
    options = parser().parse_args(arguments)
    console = Console()
    rows = [row for row in published_rows() if row.table == options.table]
    weights = {row.name: path for row in rows if (path := find_weights(row, rows, options.weights_dir))}
    if not weights:
        wanted = ", ".join(f"{row.name}{SUFFIXES[0]}" + (f" or {row.file}" if row.file else "") for row in rows)
        raise ConfigError(f"--weights-dir {options.weights_dir}: no file for table {options.table}; expected {wanted}")
    kept = {name: path for name in weights if (path := options.output / "rows" / f"{name}.json").is_file()}
    if kept.keys() != weights.keys() and not options.root.is_dir():
        raise ConfigError(f"--root {options.root}: not a directory; give the folder of the data set")
    from yowo.commands.reproduced_row import evaluate_row  # torch and Lightning load with it

    job_begins()
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.name not in weights:
            continue
        if row.name in kept:
            results[row.name] = json.loads(kept[row.name].read_text(encoding="utf-8"))
            console.print(f"{row.name}: kept from {kept[row.name]}", highlight=False, soft_wrap=True)
            continue
        console.print(f"{row.name}: {weights[row.name]}", highlight=False, soft_wrap=True)
        results[row.name] = evaluate_row(row, weights[row.name], options)
        write_metrics(options.output / "rows" / f"{row.name}.json", results[row.name])
    print_table(console, as_table(rows, results, options.table))
    write_metrics(options.output / f"table{options.table}.json", {"table": options.table, "rows": results})
    with whole_file(options.output / f"table{options.table}.md") as unfinished:
        unfinished.write_text(as_markdown(rows, results, options.table), encoding="utf-8")
    console.print(str(options.output / f"table{options.table}.md"), highlight=False, soft_wrap=True)


def find_weights(row: PublishedRow, rows: Sequence[PublishedRow], folder: Path) -> Path | None:
    """Find the weights file of a row: named after the row, or as released.

    A row with LFB that has no file of its own uses the weights of the same system without LFB.

    Args:
        row: The row.
        rows: All rows of the table.
        folder: The folder of weights files.

    Returns:
        The file; None if there is none.
    """
    names = [f"{row.name}{suffix}" for suffix in SUFFIXES] + ([row.file] if row.file else [])
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None and row.context is not None:
        same = (row.model, row.dataset, row.clip_len, None)
        plain = next((r for r in rows if (r.model, r.dataset, r.clip_len, r.context) == same), None)
        return None if plain is None else find_weights(plain, rows, folder)
    return found


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo reproduce",
        description="Evaluate those rows of a table of the report that have weights. Results are kept: a run that was "
        "stopped continues where it was.",
        epilog="example: yowo reproduce --table 1 --weights-dir weights --root /data/ucf24",
    )
    made.add_argument("--table", type=int, choices=(1, 2), required=True, help="1: UCF101-24, 2: AVA v2.2")
    made.add_argument(
        "--weights-dir", type=Path, required=True, help="files named after rows (yowo_plus_ucf24.ckpt) or as released"
    )
    made.add_argument("--root", type=Path, required=True, help="the data set's folder")
    made.add_argument("--output", type=Path, default=Path("runs/reproduce"), help="folder of the results")
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="further override, such as trainer=cpu"
    )
    return made
