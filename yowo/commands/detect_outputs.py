"""The outputs of `yowo detect` as configured: files, standard output, a window, a page."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.output_kinds import OutputFile, check_files, output_files
from yowo.commands.records import run_folder
from yowo.commands.stdout_data import data_stream
from yowo.inference.frame_painter import FramePainter
from yowo.inference.outputs.box_table_output import BoxTableOutput
from yowo.inference.outputs.crops_output import CropsOutput
from yowo.inference.outputs.cvat_output import CvatOutput
from yowo.inference.outputs.frame_output import FrameOutput, StreamFacts
from yowo.inference.outputs.gif_output import GifOutput
from yowo.inference.outputs.json_lines_output import JsonLinesOutput
from yowo.inference.outputs.npz_output import NpzOutput
from yowo.inference.outputs.page_output import PageOutput
from yowo.inference.outputs.tube_table_output import TubeTableOutput
from yowo.inference.outputs.video_output import VideoOutput
from yowo.inference.outputs.window_output import WindowOutput
from yowo.inference.stream_meter import StreamMeter

PLAIN: dict[str, Callable[[Path, StreamFacts], FrameOutput]] = {
    "boxes": BoxTableOutput,
    "tubes": TubeTableOutput,
    "jsonl": JsonLinesOutput,
    "npz": NpzOutput,
    "cvat": CvatOutput,
    "crops": CropsOutput,
}
"""Outputs that need no painter."""


def build_outputs(
    config: DictConfig, facts: StreamFacts, meter: StreamMeter | None = None, folder: Path | None = None
) -> list[FrameOutput]:
    """Make the outputs of a source; whoever calls this closes them.

    Args:
        config: Uses `save`, `output`, `show`, `serve`, `token`, `colour`, `scale` and `preset`.
        facts: Of the source.
        meter: Knows how fast detection is, for the page; None is one that knows nothing.
        folder: Folder of the run; None is that of the running Hydra job.

    Raises:
        ConfigError: A key is invalid, or a file that is to be written is the source.
        YowoError: A file cannot be written.
    """
    files = output_files(config, facts.name, run_folder() if folder is None else folder)
    check_files(files, config, facts.file)
    making = _Making(config, facts, meter or StreamMeter())
    outputs: list[FrameOutput] = []
    with ExitStack() as stack:
        for make in making.all(files):
            outputs.append(make())
            stack.callback(outputs[-1].close)
        stack.pop_all()
    return outputs


class _Making:
    """Makes outputs of one source; those with pictures share a painter, so that each frame is painted once."""

    def __init__(self, config: DictConfig, facts: StreamFacts, meter: StreamMeter) -> None:
        self._config, self._facts, self._meter = config, facts, meter

    def all(self, files: list[OutputFile]) -> list[Callable[[], FrameOutput]]:
        """Return what makes each output, those first that can fail without having written anything."""
        makers: list[Callable[[], FrameOutput]] = []
        if self._config.serve is not None:
            makers.append(self._page)
        if self._config.show:
            makers.append(self._window)
        return makers + [partial(self._file, file) for file in files]

    def _file(self, file: OutputFile) -> FrameOutput:
        if file.path is None:
            return JsonLinesOutput(data_stream(), self._facts)
        if file.kind == "video":
            return self._video(file.path)
        if file.kind == "gif":
            return GifOutput(file.path, self._facts, self._painter.paint)
        return PLAIN[file.kind](file.path, self._facts)

    def _video(self, path: Path) -> FrameOutput:
        return VideoOutput(path, self._facts, self._painter, preset=self._config.preset)

    def _page(self) -> FrameOutput:
        token = None if self._config.token is None else str(self._config.token)
        return PageOutput(str(self._config.serve), token, self._facts, self._painter, self._meter)

    def _window(self) -> FrameOutput:
        return WindowOutput(self._facts, self._painter)

    @cached_property
    def _painter(self) -> FramePainter:
        size = (self._facts.width, self._facts.height)
        return FramePainter(self._facts.classes, size, self._config.colour, self._config.scale)
