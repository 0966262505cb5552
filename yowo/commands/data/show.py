"""`yowo data show`: draws samples with their boxes, as training reads them (before augmentation)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from yowo.commands.options import OptionParser
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.data.dataset import ClipDataset
from yowo.data.key_frames import Split
from yowo.errors import ConfigError
from yowo.inference.drawing import Picture, contact_sheet, draw_boxes, save_picture

EPILOG = """examples:
  yowo data show DIR
  yowo data show DIR --split val --clip 4 --output sheet.png     four frames of each clip
  yowo data show DIR dataset=ucf24                                another data set, with overrides of yowo train
Samples are chosen so that all classes are about equally frequent."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data show`.

    Raises:
        ConfigError: A number or override is invalid.
        DatasetError: The folder cannot be read.
    """
    options = parser().parse_args(arguments)
    if min(options.samples, options.clip) < 1:
        raise ConfigError(f"--samples, --clip: expected at least 1, got {options.samples} and {options.clip}")
    named = any(override.startswith("dataset=") for override in options.overrides)
    overrides = [*([] if named else ["dataset=custom"]), f"dataset.root='{options.root}'", *options.overrides]
    data = build_datamodule(compose_config("train", overrides))
    data.prepare_data()
    dataset = data.dataset(options.split)
    chosen = one_of_each(dataset, options.samples, options.seed)
    pictures: list[Picture] = []
    captions: list[str] = []
    for position in track(chosen, "reading clips", transient=True):
        for picture, caption in drawn(dataset, position, options.clip, data.data.classes):
            pictures.append(picture)
            captions.append(caption)
    columns = options.clip if options.clip > 1 else min(4, len(chosen))
    sheet = contact_sheet(pictures, captions, columns)
    save_picture(options.output, sheet)
    console = Console()
    line = f"{options.output}: {len(chosen)} of {len(dataset)} key frames of the {options.split} split"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def one_of_each(dataset: ClipDataset, count: int, seed: int) -> list[int]:
    """Choose random key frames, taking one of each class in turn.

    Args:
        dataset: The samples.
        count: Number of key frames.
        seed: Seed of the choice.

    Returns:
        Positions in the split, sorted.
    """
    random = np.random.default_rng(seed)
    queues = [random.permutation(found).tolist() for found in dataset.key_frames.positions_of_classes() if len(found)]
    chosen: dict[int, None] = {}
    while len(chosen) < count and any(queues):
        for queue in queues:
            while queue and len(chosen) < count:
                position = queue.pop()
                if position not in chosen:
                    chosen[position] = None
                    break
    return sorted(chosen)


def drawn(dataset: ClipDataset, position: int, count: int, classes: Sequence[str]) -> list[tuple[Picture, str]]:
    """Draw evenly spread frames of a clip; only the key frame, the last one, has boxes.

    Args:
        dataset: The samples.
        position: Position of the key frame in the split.
        count: Number of frames.
        classes: Names of the classes in order.

    Returns:
        `count` pictures uint8 [h, w, 3], RGB, with their captions.
    """
    sample = dataset[position]
    key = dataset.key_frames[position]
    frames = sample.frames.permute(0, 2, 3, 1).numpy()
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)[:-1].tolist() if count > 1 else []
    nothing = torch.zeros((0, 4)), torch.zeros(0, dtype=torch.int64)
    found = [(draw_boxes(frames[place], *nothing, classes), "") for place in places]
    picture = draw_boxes(frames[-1], sample.target["boxes"], sample.target["labels"], classes)
    return [*found, (picture, f"{key.video}  {key.frame}")]


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo data show",
        description="Draw samples with their boxes.",
        epilog=EPILOG,
    )
    splits: tuple[Split, ...] = ("train", "val")
    made.add_argument("root", type=Path, help="folder of a project, or of another data set")
    made.add_argument("overrides", nargs="*", help="overrides of yowo train")
    made.add_argument("--split", choices=splits, default="train")
    made.add_argument("--samples", type=int, default=16, help="key frames to show (16)")
    made.add_argument("--clip", type=int, default=1, help="frames of each clip to show (1: the key frame)")
    made.add_argument("--seed", type=int, default=0, help="seed of the choice (0)")
    made.add_argument("--output", type=Path, default=Path("samples.png"), help="the picture (samples.png)")
    return made
