"""The outputs of `yowo detect` as configured: files, standard output, a window, a page."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from omegaconf import DictConfig

from yowo.commands.output_kinds import OutputFile, output_files
from yowo.commands.output_paths import check_outputs, inputs_of
from yowo.commands.records import run_folder
from yowo.inference.outputs.box_table_output import BoxTableOutput
from yowo.inference.outputs.frame_output import FrameOutput, StreamFacts
from yowo.inference.outputs.json_lines_output import JsonLinesOutput
from yowo.inference.outputs.npz_output import NpzOutput
from yowo.inference.outputs.tube_table_output import TubeTableOutput


def build_outputs(config: DictConfig, facts: StreamFacts, folder: Path | None = None) -> list[FrameOutput]:
    """Make the outputs of a source; whoever calls this closes them.

    Args:
        config: Uses `save`, `output`, `show`, `serve`, `token`, `colour`, `scale` and `preset`.
        facts: Of the source.
        folder: Folder of the run; None is that of the running Hydra job.

    Raises:
        ConfigError: A key is invalid, or a file that is to be written is the source.
        YowoError: A file cannot be written.
    """
    files = output_files(config, facts.name, run_folder() if folder is None else folder)
    inputs = inputs_of(config) if facts.file is None else {**inputs_of(config), f"source={facts.file}": facts.file}
    check_outputs({file.words: file.path for file in files if file.path is not None}, inputs, ENDINGS)
    with ExitStack() as stack:
        outputs = []
        for file in files:
            output = MAKERS[file.kind](file, facts)
            stack.callback(output.close)
            outputs.append(output)
        stack.pop_all()
    return outputs
