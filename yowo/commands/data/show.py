"""`yowo data show`: draws samples with their boxes, as training reads them (before augmentation)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from yowo.commands.options import OptionParser
from yowo.commands.output_paths import check_outputs
from yowo.errors import ConfigError
from yowo.progress import track

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
    _check_ending(options.output)
    read = options.root if options.output.resolve().parent != options.root.resolve() else None
    check_outputs({f"--output {options.output}": options.output}, {str(options.root): read})
    named = any(override.startswith("dataset=") for override in options.overrides)
    from yowo.config.compose import compose_config
    from yowo.config.path_values import quoted

    root = f"dataset.root={quoted(str(options.root))}"
    overrides = [*([] if named else ["dataset=custom"]), root, *options.overrides]
    config = compose_config("train", overrides)
    from yowo.commands.data.samples import drawn, one_of_each, samples_of  # torch and Lightning load with these
    from yowo.config.build_training import build_datamodule
    from yowo.inference.drawing import Picture, contact_sheet, save_picture

    data = build_datamodule(config)
    data.prepare_data()
    dataset = samples_of(data, options.split)
    chosen = one_of_each(dataset, options.samples, options.seed)
    pictures: list[Picture] = []
    captions: list[str] = []
    for position in track(chosen, "reading clips", unit="clips", part=True):
        for picture, caption in drawn(dataset, position, options.clip, data.data.classes):
            pictures.append(picture)
            captions.append(caption)
    columns = options.clip if options.clip > 1 else min(4, len(chosen))
    sheet = contact_sheet(pictures, captions, columns)
    save_picture(options.output, sheet)
    console = Console()
    line = f"{options.output}: {len(chosen)} of {len(dataset)} key frames of the {options.split} split"
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _check_ending(output: Path) -> None:
    """Check before anything is read that Pillow writes pictures of this ending.

    Raises:
        ConfigError: It does not.
    """
    from PIL import Image

    if output.suffix.lower() not in Image.registered_extensions():
        raise ConfigError(f"--output {output}: expected the name of a picture, as in samples.png")


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo data show",
        description="Draw samples with their boxes.",
        epilog=EPILOG,
    )
    made.add_argument("root", type=Path, help="folder of a project, or of another data set")
    made.add_argument("overrides", nargs="*", help="overrides of yowo train")
    made.add_argument("--split", choices=("train", "val"), default="train")
    made.add_argument("--samples", type=int, default=16, help="key frames to show (16)")
    made.add_argument("--clip", type=int, default=1, help="frames of each clip to show (1: the key frame)")
    made.add_argument("--seed", type=int, default=0, help="seed of the choice (0)")
    made.add_argument("--output", type=Path, default=Path("samples.png"), help="the picture (samples.png)")
    return made
