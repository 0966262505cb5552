"""The help of the commands that Hydra configures: their keys, defaults and groups, read from the comments in conf/."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from yowo.config.conf_files import choices, conf_dir

LINE = re.compile(
    r"^(?P<indent> *)(?P<item>- (?P<override>override )?/?)?(?P<key>[\w.]+):(?P<value>.*?)(?: +# *(?P<words>.*))?$"
)
"""A line of a yaml file: a key, or a group and its choice in a list of defaults, with a comment."""
FILES = ("weights", "data_module", "trainer/auto", "optimizer/adamw", "postprocess/default", "train", "parts")
"""Files of conf/, beside the command's own, that describe keys and groups."""
NODES = {"data_module": "dataset.", "trainer/auto": "trainer.", "optimizer/adamw": "optimizer."} | {
    "postprocess/default": "postprocess."
}
"""Where the keys of these files are in the configuration."""
KEY_WIDTH = 36
"""Widest column of keys; a longer key is continued on the next line."""


class Described(NamedTuple):
    """A key or group of a file of conf/.

    Attributes:
        default: Its value as written there.
        words: Its comment; empty without one.
    """

    default: str
    words: str


class Page(NamedTuple):
    """What the help of a command shows beside the keys of its own file.

    Attributes:
        usage: The command line.
        about: What it does.
        keys: Further keys.
        groups: Groups, in the order of their importance.
        examples: Command lines.
    """

    usage: str
    about: str
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    examples: tuple[str, ...]


USUAL_KEYS = ("dataset.root", "dataset.batch_size", "dataset.num_workers")
PARTS = ("backbone2d", "backbone3d", "fusion", "assigner", "box_loss", "class_loss", "loss", "augment", "schedule")
PAGES = {
    "train": Page(
        "[group=choice] [key=value] ...",
        "Train a detector, then evaluate its best checkpoint. Without arguments it trains on generated videos.",
        (
            *("weights.file", "weights.backbone2d", "weights.backbone3d", "weights.strict", "weights.reset_head"),
            *USUAL_KEYS,
            *("dataset.clip_len", "dataset.image_size", "dataset.balanced"),
            *("dataset.train_videos", "dataset.val_videos", "dataset.on_unreadable", "optimizer.lr"),
            *("trainer.max_epochs", "trainer.precision", "trainer.devices", "trainer.accumulate_grad_batches"),
            *("trainer.limit_train_batches", "trainer.limit_val_batches", "trainer.check_val_every_n_epoch"),
        ),
        (
            *("model", "dataset", "experiment", "recipe", "trainer", "logger", "callbacks", "optimizer"),
            *PARTS,
            *("postprocess", "metric", "linker", "context", "decoder", "debug", "profiler", "sweep"),
        ),
        (
            "yowo train",
            "yowo train dataset=custom dataset.root=DIR weights=FILE",
            "yowo train experiment=yowo_plus_ucf24 dataset.root=DIR",
            "yowo train model=yowo_nano dataset=ucf24 dataset.root=DIR",
            "yowo train -m optimizer.lr=1e-3,1e-4 trainer.max_epochs=1",
            "yowo train resume=runs/train/...",
            "yowo train --rerun runs/train/... seed=1",
        ),
    ),
    "eval": Page(
        "checkpoint=FILE [group=choice] [key=value] ...",
        "Evaluate a checkpoint on its held-out videos: a table by class, and metrics.json in the run's folder. "
        "Model and data set are those of the checkpoint; each group and key of theirs can be changed.",
        (
            *("weights.file", "weights.strict"),
            *USUAL_KEYS,
            *("dataset.val_videos", "dataset.score_threshold", "postprocess.nms_threshold", "trainer.accelerator"),
            *("trainer.devices", "trainer.precision"),
        ),
        ("dataset", "metric", "linker", "postprocess", "context", "trainer", "decoder"),
        (
            "yowo eval checkpoint=runs/train/.../best.ckpt",
            "yowo eval checkpoint=best.ckpt report=report.html trainer=cpu",
            "yowo eval checkpoint=best.ckpt linker=online",
            "yowo eval weights=yowo_ucf24.pth dataset.root=DIR",
        ),
    ),
    "detect": Page(
        "checkpoint=FILE source=VIDEO [group=choice] [key=value] ...",
        "Detect actions in a video: a video with the boxes drawn, and a table of the detections (CSV).",
        ("weights.file", "weights.strict", "postprocess.nms_threshold"),
        ("reader", "decoder", "context"),
        (
            "yowo detect checkpoint=runs/train/.../best.ckpt source=VIDEO",
            "yowo detect checkpoint=best.ckpt source=VIDEO output=found.mp4 device=cpu",
            "yowo detect weights=yowo_ucf24.pth source=VIDEO score_threshold=0.5",
        ),
    ),
    "export": Page(
        "checkpoint=FILE format=onnx [key=value] ...",
        "Write a network as a file of ONNX, OpenVINO or torch.export, and check it against PyTorch on real frames. "
        "yowo detect, eval and info take the file as model=FILE.onnx.",
        ("weights.file", "dataset.root", "postprocess.nms_threshold"),
        ("dataset", "decoder"),
        (
            "yowo export checkpoint=runs/train/.../best.ckpt format=onnx",
            "yowo export checkpoint=best.ckpt output=best.xml source=VIDEO",
            "yowo export checkpoint=best.ckpt format=openvino precision=int8",
            "yowo export weights=yowo_ucf24.pth format=onnx source=VIDEO",
            "yowo detect model=best.onnx source=VIDEO",
        ),
    ),
    "demo": Page(
        "[group=choice] [key=value] ...",
        "Generate videos, train a small network on them, evaluate it with and without motion, detect in a video "
        "that it has not seen. It needs no data and no GPU.",
        ("seconds", "threads", "seed"),
        ("trainer", "logger", "model", "backbone3d", "optimizer", "schedule"),
        ("yowo demo", "yowo demo seconds=900", "yowo demo trainer=gpu", "yowo demo hydra.run.dir=runs/my_demo"),
    ),
}


def wants_help(arguments: Sequence[str]) -> bool:
    """Return whether a command line asks for the help of a command."""
    return any(argument in ("-h", "--help") for argument in arguments)


def show_help(command: str, console: Console | None = None) -> None:
    """Print the help of a command.

    Args:
        command: "train", "eval", "detect", "export" or "demo".
        console: Where to print; None prints on stdout.
    """
    page, console = PAGES[command], console or Console()
    console.print(Text(f"yowo {command} {page.usage}\n\n{page.about}\n\nKeys (key=value) and their defaults:\n"))
    console.print(key_table(command))
    console.print(Text("\nGroups (group=choice); the default stands first:\n"))
    console.print(group_table(command))
    console.print(Text("\nExamples:\n"))
    for example in page.examples:
        console.print(Text(f"  {example}"), soft_wrap=True)
    console.print(Text(f"\nyowo {command} ... --cfg job    every key and its value"), soft_wrap=True)
    console.print(Text(f"yowo {command} --hydra-help     the options of Hydra"), soft_wrap=True)


def key_table(command: str) -> Table:
    """Return the keys of a command with their defaults and descriptions."""
    rows = []
    for key, (default, words) in described_keys(command).items():
        typed = "weights" if key == "weights.file" else key  # its short form, see `spelled_out`
        shown = "=..." if default in ("???", "null") else f"={default}" if default else ""
        rows.append((f"  {typed}{shown}", words))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=min(KEY_WIDTH, max(len(key) for key, _ in rows)), overflow="fold")
    table.add_column()
    for key, words in rows:
        table.add_row(Text(key), Text(words))
    return table


def group_table(command: str) -> Table:
    """Return the groups of a command with their descriptions and choices."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for group, (default, words) in described_groups(command).items():
        options = [name for name in choices(group) if name != default]
        first = [] if default == "null" else [default]
        table.add_row(Text(f"  {group}"), Text(words))
        table.add_row("", Text(", ".join([*first, *options]), style="dim"))
    return table


def described_keys(command: str) -> dict[str, Described]:
    """Return the keys that the help of a command shows: those of its own file with a comment, and those of its page.

    The default is empty where it is not the same for every data set and checkpoint.
    """
    own = {key: found for key, found in _keys(command).items() if found.words}
    shown = dict(own)
    for name in FILES:
        for key, found in _keys(name, NODES.get(name, "")).items():
            if key in PAGES[command].keys and key not in own:
                depends = key.partition(".")[0] in _of_checkpoint(command) or key in _of_data_sets()
                shown[key] = Described("" if depends or "${" in found.default else found.default, found.words)
    order = [*own, *(key for key in PAGES[command].keys if key in shown and key not in own)]
    return {key: Described("" if "${" in shown[key].default else shown[key].default, shown[key].words) for key in order}


def described_groups(command: str) -> dict[str, Described]:
    """Return the groups that the help of a command shows, with the first choice and the first words that a file has."""
    found = [_groups(name) for name in (command, "train", "parts")]
    shown = {}
    for group in PAGES[command].groups:
        every = [groups[group] for groups in found if group in groups]
        words = next((one.words for one in every if one.words), "")
        default = every[0].default
        if group in _of_checkpoint(command):
            default = "the checkpoint's"
        elif group not in found[0]:
            chosen = [name for name in ("model", "dataset") if group in _overridden(name)]
            default = {"model": "the model's", "dataset": "the data set's"}[chosen[-1]] if chosen else default
        shown[group] = Described(default, words)
    return shown


def _of_checkpoint(command: str) -> set[str]:
    """Return the groups that come from the checkpoint."""
    return set(_groups("parts_from_checkpoint")) if command in ("eval", "detect", "export") else set()


def _of_data_sets() -> set[str]:
    """Return the keys that a data set sets, itself or by its choice of another group."""
    own = {key for name in choices("dataset") for key in _keys(f"dataset/{name}")}
    nodes = _overridden("dataset")
    return own | {key for name, node in NODES.items() if node[:-1] in nodes for key in _keys(name, node)}


def _overridden(group: str) -> set[str]:
    """Return the groups that the choices of a group choose."""
    return {other for name in choices(group) for other in _groups(f"{group}/{name}", overrides=True)}


def _lines(name: str) -> list[re.Match[str]]:
    text = (conf_dir() / Path(f"{name}.yaml")).read_text(encoding="utf-8")
    return [found for line in text.splitlines() if (found := LINE.match(line))]


def _keys(name: str, prefix: str = "") -> dict[str, Described]:
    """Return the keys of a file of conf/ that have a value, by their whole names; without those of Hydra itself."""
    parents: list[tuple[int, str]] = []
    keys = {}
    for line in _lines(name):
        if line["item"]:
            continue
        indent = len(line["indent"])
        parents = [(depth, key) for depth, key in parents if depth < indent]
        path = [*(key for _, key in parents), line["key"]]
        if not line["value"].strip():
            parents.append((indent, line["key"]))
        elif path[0] not in ("hydra", "defaults") and not path[-1].startswith("_"):
            keys[prefix + ".".join(path)] = Described(line["value"].strip(" '\""), line["words"] or "")
    return keys


def _groups(name: str, overrides: bool = False) -> dict[str, Described]:
    """Return the groups in the defaults of a file of conf/; with `overrides` only those chosen in place of others."""
    return {
        line["key"]: Described(line["value"].strip(" []"), line["words"] or "")
        for line in _lines(name)
        if line["item"] and (line["override"] or not overrides)
    }
