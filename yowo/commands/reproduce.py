"""`yowo reproduce`: evaluate the rows of a table that have weights, beside the published figures."""

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
from yowo.reports.paper_table import as_markdown, as_table, costed, notes
from yowo.reports.published import FAMILY, PublishedRow, published_rows
from yowo.whole_file import whole_file

SUFFIXES = (".ckpt", ".safetensors", ".pth", ".pt")
DATA: dict[int | str, str] = {1: "ucf24", 2: "ava"}
"""Data sets of the report's tables."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo reproduce`.

    Raises:
        ConfigError: The folder of weights has none for this table, or the folder of a data set is not given.
    """
    options = parser().parse_args(arguments)
    console = Console()
    rows = published_rows(options.table)
    roots = data_folders(options.root or [], options.table)
    weights: dict[str, Path] = {}
    if options.weights_dir is not None:
        weights = {row.name: path for row in rows if (path := find_weights(row, rows, options.weights_dir))}
    if not weights and (options.table != FAMILY or options.weights_dir is not None):
        wanted = ", ".join(f"{row.name}{SUFFIXES[0]}" + (f" or {row.file}" if row.file else "") for row in rows)
        if options.weights_dir is None:
            raise ConfigError(f"--weights-dir DIR is required for table {options.table}: a folder with {wanted}")
        raise ConfigError(f"--weights-dir {options.weights_dir}: no file for table {options.table}; expected {wanted}")
    kept = {row.name: path for row in rows if (path := options.output / "rows" / f"{row.name}.json").is_file()}
    todo = [row for row in rows if row.name in weights and row.name not in kept]
    for dataset in dict.fromkeys(row.dataset for row in todo):
        check_folder(dataset, roots.get(dataset), options.table)
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.name in kept and (row.name in weights or options.table == FAMILY):
            results[row.name] = json.loads(kept[row.name].read_text(encoding="utf-8"))
            console.print(f"{row.name}: kept from {kept[row.name]}", highlight=False, soft_wrap=True)
    from yowo.commands.reproduced_row import evaluate_row, row_cost  # torch and Lightning load with it

    job_begins()
    for row in todo:
        console.print(f"{row.name}: {weights[row.name]}", highlight=False, soft_wrap=True)
        results[row.name] = evaluate_row(row, weights[row.name], roots[row.dataset], options)
        write_metrics(options.output / "rows" / f"{row.name}.json", results[row.name])
    for row in costed(rows) if options.table == FAMILY else []:
        results[row.name] = {**row_cost(row), **results.get(row.name, {})}
    _show(console, rows, results, options)


def _show(console: Console, rows: Sequence[PublishedRow], results: dict[str, Any], options: argparse.Namespace) -> None:
    """Print the table, and write it as JSON and as Markdown."""
    table = options.table
    print_table(console, as_table(rows, results, table))
    for note in notes(rows) if table == FAMILY else []:
        console.print(note, highlight=False, soft_wrap=True)
    file = options.output / (f"{table}.md" if table == FAMILY else f"table{table}.md")
    write_metrics(file.with_suffix(".json"), {"table": table, "rows": results})
    with whole_file(file) as unfinished:
        unfinished.write_text(as_markdown(rows, results, table), encoding="utf-8")
    console.print(str(file), highlight=False, soft_wrap=True)


def data_folders(typed: Sequence[str], table: int | str) -> dict[str, Path]:
    """Return the folders of data sets by name.

    Args:
        typed: Values of `--root`: of table 1 or 2 one folder, of the table `FAMILY` NAME=DIR for each data set.
        table: The table.

    Raises:
        ConfigError: A value has another form.
    """
    if table != FAMILY:
        return {DATA[table]: Path(typed[-1])} if typed else {}
    found = {}
    for word in typed:
        name, equals, folder = word.partition("=")
        if not equals or name not in DATA.values():
            raise ConfigError(f"--root {word}: expected ucf24=DIR or ava=DIR, as table family has both data sets")
        found[name] = Path(folder)
    return found


def check_folder(dataset: str, folder: Path | None, table: int | str) -> None:
    """Check the folder of a data set.

    Raises:
        ConfigError: It is not given, or is no directory.
    """
    name = f"{dataset}=" if table == FAMILY else ""
    if folder is None:
        raise ConfigError(f"--root {name}DIR is required: the folder of {dataset}, for the rows that have weights")
    if not folder.is_dir():
        raise ConfigError(f"--root {name}{folder}: not a directory; give the folder of the data set")


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
        description="Evaluate those rows of a table of the report that have weights; of table family, which has every "
        "system with published figures, also count what the others cost. Results are kept: a run that was stopped "
        "continues where it was.",
        epilog="examples: yowo reproduce --table 1 --weights-dir weights --root /data/ucf24\n"
        "          yowo reproduce --table family",
    )
    made.add_argument("--table", type=_table, choices=(1, 2, FAMILY), required=True, help="1: UCF101-24, 2: AVA v2.2")
    made.add_argument("--weights-dir", type=Path, help="files named after rows (yowo_plus_ucf24.ckpt) or as released")
    made.add_argument(
        "--root", action="append", metavar="DIR", help="the data set's folder; table family: ucf24=DIR, ava=DIR"
    )
    made.add_argument("--output", type=Path, default=Path("runs/reproduce"), help="folder of the results")
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="further override, such as trainer=cpu"
    )
    return made


def _table(word: str) -> int | str:
    return int(word) if word.isdigit() else word
