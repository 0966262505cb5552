"""`yowo weights`: lists and downloads published weights, and imports or inspects weights files of any format."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.reports.narrow_tables import print_table
from yowo.weights.file_format import file_format
from yowo.weights.registry import NONE_FOUND, PUBLISHED, published

EXAMPLES = """examples:
  yowo weights list
  yowo weights fetch yowo_plus_ucf24                # into the folder weights/
  yowo weights info yowo_ucf24_84.9.pth             # what it contains and how to use it
  yowo weights import yowo_ucf24_84.9.pth --output yowo_plus_ucf24.ckpt
  yowo weights import yolo.weights --output yolov2_coco.safetensors
Importing is optional: weights=FILE of yowo train, eval and detect reads every format."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo weights`.

    Raises:
        WeightsError: A file cannot be downloaded, read or converted.
    """
    options = parser().parse_args(arguments)
    console = Console()
    if options.action == "list":
        print_table(console, published_table())
        for line in places():
            say(console, line)
        return
    chosen = published(options.name) if options.action == "fetch" else None
    if chosen is None:
        file_format(options.file)  # raises if there is no such file
    from yowo.commands.weights_files import fetch_with_bar, import_weights, info_table, usage  # torch loads with it

    if chosen is not None:
        say(console, f"{fetch_with_bar(chosen, options.folder)}: {chosen.words}")
        say(console, f"use: {usage(chosen.part, str(options.folder / chosen.file), chosen.use)}")
    elif options.action == "import":
        say(console, import_weights(options.file, options.output, options.model, options.dataset, options.clip_len))
    else:
        print_table(console, info_table(options.file))


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo weights",
        description="Weights of YOWO, YOWO-Plus, YOWO-Nano, YOWOF, YOWOv2, YOWOv3 and their backbones.",
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


def published_table() -> Table:
    """Return the published files as a table."""
    table = Table(
        "name",
        "file",
        "content",
        "part",
        "use with",
        "licence",
        box=None,
        title="published weights",
        title_justify="left",
    )
    for one in PUBLISHED:
        table.add_row(one.name, one.file, one.words, one.part, one.use, one.licence)
    return table


def places() -> list[str]:
    """Return one line for all download addresses, and one for each shared folder with its files."""
    fetched = dict.fromkeys(one.url.removesuffix(one.file) for one in PUBLISHED if not one.by_hand)
    by_hand: dict[str, list[str]] = {}
    for one in PUBLISHED:
        if one.by_hand:
            by_hand.setdefault(one.url, []).append(one.name)
    browser = [f"to download in a browser: {', '.join(names)}: {url}" for url, names in by_hand.items()]
    licence = (
        f"licence: of the repository that the weights come from ({NONE_FOUND}: it states none); the data sets that "
        "weights were trained on can have terms of their own"
    )
    return [f"downloaded from {', '.join(fetched)}", *browser, licence]
