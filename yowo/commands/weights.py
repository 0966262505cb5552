"""`yowo weights`: lists and downloads published weights, and imports or inspects weights files of any format."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.errors import WeightsError
from yowo.weights.exporting import CHECKPOINT, SAFETENSORS, check_ending, write_backbone, write_detector
from yowo.weights.fetching import fetch
from yowo.weights.file_format import file_format
from yowo.weights.kinds import DETECTOR
from yowo.weights.loading import Weights, load_weights, open_weights
from yowo.weights.recognise import likely_setup, num_classes
from yowo.weights.registry import PUBLISHED, Published, published
from yowo.whole_file import whole_file

EXAMPLES = """examples:
  yowo weights list
  yowo weights fetch yowo_plus_ucf24                # into the folder weights/
  yowo weights info yowo_ucf24_84.9.pth             # what it contains and how to use it
  yowo weights import yowo_ucf24_84.9.pth --output yowo_plus_ucf24.ckpt
  yowo weights import yolo.weights --output yolov2_coco.safetensors
Importing is optional: weights=FILE of yowo train, eval and detect reads every format."""
FACTS = ("epoch", "score", "fscore", "arch")
"""Entries of checkpoints that `info` shows."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo weights`.

    Raises:
        WeightsError: A file cannot be downloaded, read or converted.
    """
    options = parser().parse_args(arguments)
    console = Console()
    if options.action == "list":
        console.print(published_table())
        for line in places():
            say(console, line)
    elif options.action == "fetch":
        chosen = published(options.name)
        say(console, f"{fetch_with_bar(chosen, options.folder)}: {chosen.words}")
        say(console, f"use: {usage(chosen.part, str(options.folder / chosen.file), chosen.use)}")
    elif options.action == "import":
        say(console, import_weights(options.file, options.output, options.model, options.dataset, options.clip_len))
    else:
        console.print(info_table(options.file))


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo weights",
        description="Weights of YOWO, YOWO-Plus, YOWO-Nano and their backbones.",
        epilog=EXAMPLES,
    )
    actions = made.add_subparsers(dest="action", required=True, metavar="list, fetch, import or info")
    actions.add_parser("list", help="list the published files with their use and address")
    fetching = actions.add_parser("fetch", help="download a published file; resumes an interrupted download")
    fetching.add_argument("name", help="name in yowo weights list")
    fetching.add_argument("--folder", type=Path, default=Path("weights"), help="folder for the file (weights/)")
    importing = actions.add_parser("import", help="convert a file of any format to a checkpoint or safetensors")
    importing.add_argument("file", type=Path)
    importing.add_argument("--output", type=Path, help="FILE.ckpt (whole detectors) or FILE.safetensors")
    importing.add_argument("--model", help="yowo, yowo_plus, ... (default: recognised from the file)")
    importing.add_argument("--dataset", help="ucf24, ava, ... (default: recognised from the file)")
    importing.add_argument("--clip-len", type=int, help="frames of a clip (default: the data set's)")
    looking = actions.add_parser("info", help="show what a file contains and how to use it")
    looking.add_argument("file", type=Path)
    return made


def say(console: Console, text: str) -> None:
    """Print a line without markup, highlighting or wrapping."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def usage(part: str, file: str, words: str = "") -> str:
    """Return a command that uses a weights file.

    Args:
        part: The part it is for: "detector", "backbone2d" or "backbone3d".
        file: The file.
        words: Further overrides.
    """
    if part == DETECTOR:
        return f"yowo detect weights={file} {words} source=VIDEO".replace("  ", " ")
    return f"yowo train weights.{part}={file} {words}".rstrip()


def published_table() -> Table:
    """Return the published files as a table."""
    table = Table(
        "name", "file", "content", "part", "use with", box=None, title="published weights", title_justify="left"
    )
    for one in PUBLISHED:
        table.add_row(one.name, one.file, one.words, one.part, one.use)
    return table


def places() -> list[str]:
    """Return one line for all download addresses, and one for each shared folder with its files."""
    fetched = dict.fromkeys(one.url.removesuffix(one.file) for one in PUBLISHED if not one.by_hand)
    by_hand: dict[str, list[str]] = {}
    for one in PUBLISHED:
        if one.by_hand:
            by_hand.setdefault(one.url, []).append(one.name)
    browser = [f"to download in a browser: {', '.join(names)}: {url}" for url, names in by_hand.items()]
    return [f"downloaded from {', '.join(fetched)}", *browser]


def fetch_with_bar(chosen: Published, folder: Path) -> Path:
    """Download a published file with a progress bar; see `yowo.weights.fetching.fetch`."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task(chosen.file, total=chosen.size)
        return fetch(chosen, folder, lambda done, total: bar.update(task, completed=done, total=total))


def import_weights(
    file: Path, output: Path | None, model: str | None, dataset: str | None, clip_len: int | None
) -> str:
    """Convert a weights file of any format to a checkpoint or safetensors file of this project.

    Args:
        file: The file to convert.
        output: The file to write; None writes to the working folder under the name of `file`.
        model: Name of a whole detector's model; None recognises it from the file.
        dataset: Name of a whole detector's data set; None recognises it from the file.
        clip_len: Frames of a clip; None takes the data set's.

    Returns:
        A line that says what was written and how to use it.

    Raises:
        WeightsError: The file cannot be read or does not match its network, or `output` exists or has another suffix.
    """
    weights = open_weights(file)
    whole = weights.kind.part == DETECTOR
    output = Path(f"{file.stem}{CHECKPOINT if whole else SAFETENSORS}") if output is None else output
    check_ending(output, whole)
    if output.exists():
        raise WeightsError(f"{output}: the file already exists; give another --output")
    if not whole:
        with whole_file(output) as unfinished:
            write_backbone(unfinished, weights)
        return f"{output}: {weights.kind.words}; use: {usage(weights.kind.part, str(output))}"
    model, dataset = _setup(weights, model, dataset)
    length = [] if clip_len is None else [f"dataset.clip_len={clip_len}"]
    detector = build_detector(compose_config("train", [f"model={model}", f"dataset={dataset}", *length]))
    report = load_weights(detector, weights.content)
    with whole_file(output) as unfinished:
        texts = {"model": model, "dataset": dataset, "kind": weights.kind.words}
        write_detector(unfinished, detector, texts)
    key = "checkpoint" if output.suffix == CHECKPOINT else "weights"
    return f"{output}: {model}, {dataset}; {report}; use: yowo detect {key}={output} source=VIDEO"


def _setup(weights: Weights, model: str | None, dataset: str | None) -> tuple[str, str]:
    """Return model and data set, recognised from the file if they are None."""
    found = likely_setup(weights)
    model, dataset = model or found[0], dataset or found[1]
    if model is None or dataset is None:
        missing = " and ".join(f"--{n}" for n, v in (("model", model), ("dataset", dataset)) if v is None)
        raise WeightsError(f"{weights.source}: {weights.kind.words} whose network cannot be recognised; give {missing}")
    return model, dataset


def info_table(file: Path) -> Table:
    """Return what a weights file contains as a table.

    Raises:
        WeightsError: The file cannot be read.
    """
    weights = open_weights(file)
    tensors = list(weights.state.values()) if weights.darknet is None else [weights.darknet.values]
    numbers = [t for t in tensors if t.is_floating_point()]
    broken = sum(not bool(torch.isfinite(t).all()) for t in numbers)
    table = Table(box=None, show_header=False, title=str(file), title_justify="left")
    table.add_row("format", f"{file_format(file)}, {file.stat().st_size:,} bytes")
    table.add_row("content", weights.kind.words)
    table.add_row("part", weights.kind.part)
    table.add_row("entries", f"{len(tensors)}, {sum(t.numel() for t in numbers):,} numbers")
    table.add_row("precision", ", ".join(sorted({str(t.dtype).removeprefix("torch.") for t in numbers})))
    if broken:
        table.add_row("damaged", f"{broken} entries have NaN or infinite values", style="red")
    for key in FACTS:
        if isinstance(weights.content.get(key), (int, float, str)):
            table.add_row(key, str(weights.content[key]))
    model, dataset = likely_setup(weights)
    classes = num_classes(weights)
    if weights.kind.part == DETECTOR:
        table.add_row(
            "network", f"{model or 'unknown'}, {classes or 'unknown'} classes ({dataset or 'unknown data set'})"
        )
    table.add_row("use", usage(weights.kind.part, str(file)))
    return table
