"""What `yowo weights` does with files: downloads, converts and describes them."""

from pathlib import Path

import torch
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from yowo.commands.output_paths import check_outputs
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.errors import WeightsError
from yowo.progress import Lines, on_terminal
from yowo.weights.exporting import CHECKPOINT, SAFETENSORS, check_ending, write_backbone, write_detector
from yowo.weights.fetching import fetch
from yowo.weights.file_format import file_format
from yowo.weights.loading import load_weights
from yowo.weights.opening import Weights, open_weights
from yowo.weights.recognise import likely_parts, likely_setup, made_for, num_classes
from yowo.weights.registry import DETECTOR, Published
from yowo.whole_file import whole_file

FACTS = ("epoch", "score", "fscore", "arch")
"""Entries of checkpoints that `info` shows."""


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


def fetch_with_bar(chosen: Published, folder: Path) -> Path:
    """Download a published file and show how far it is; see `yowo.weights.fetching.fetch`."""
    if not on_terminal():
        lines = Lines(f"downloading {chosen.file}", None if chosen.size is None else chosen.size // 10**6, "MB")
        return fetch(chosen, folder, lambda done, total: lines.advance(done // 10**6))
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
    if output is not None:
        check_outputs({f"--output {output}": output}, {str(file): file})
    weights = open_weights(file)
    whole = weights.kind.part == DETECTOR
    output = Path(f"{file.stem}{CHECKPOINT if whole else SAFETENSORS}") if output is None else output
    check_ending(output, whole)
    if output.exists():
        raise WeightsError(f"{output}: the file already exists; give another --output")
    if not whole:
        with whole_file(output) as unfinished:
            write_backbone(unfinished, weights)
        return f"{output}: {weights.kind.words}; use: {usage(weights.kind.part, str(output), made_for(weights))}"
    model, dataset = _setup(weights, model, dataset)
    length = [] if clip_len is None else [f"dataset.clip_len={clip_len}"]
    parts = likely_parts(weights, model)
    detector = build_detector(compose_config("train", [f"model={model}", f"dataset={dataset}", *parts, *length]))
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
    network = made_for(weights)
    if weights.kind.part == DETECTOR:
        parts = "".join(f", {part}" for part in likely_parts(weights, model))
        table.add_row(
            "network", f"{model or 'unknown'}, {classes or 'unknown'} classes ({dataset or 'unknown data set'}){parts}"
        )
        network = ""  # found out by detect, too
    table.add_row("use", usage(weights.kind.part, str(file), network))
    return table
