"""`yowo data prepare`: writes copies of long videos for fast random access, in the layout of the original folder."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from typing_extensions import Self

from yowo.commands.interruption import if_interrupted
from yowo.commands.options import OptionParser
from yowo.errors import DatasetError
from yowo.progress import Lines, on_terminal
from yowo.storage.plan import Job
from yowo.storage.pool import Advance, Event, Failed
from yowo.storage.preparation import Outcome, prepare
from yowo.storage.transcoder import PRESETS, Recipe

EPILOG = """examples:
  yowo data prepare /data/ava                          # into /data/ava_prepared; then dataset.root=/data/ava_prepared
  yowo data prepare /data/ava --short-side 320 --gop 16 --output /fast/ava
The copies have the same frames, frame numbers and times as the originals, without sound. Annotations and other files
are linked; boxes stay valid. Originals are not changed. To resume an interrupted run, run the same command again."""
SUFFIX = "_prepared"
"""Appended to the folder's name if --output is not given."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data prepare`.

    Raises:
        ConfigError: An argument is invalid.
        DatasetError: There is no video to prepare, or some videos could not be prepared.
    """
    options = parser().parse_args(arguments)
    folder: Path = options.folder
    output: Path = options.output or Path(os.path.normpath(folder.absolute()) + SUFFIX)
    recipe = Recipe(options.short_side, options.gop, options.crf, options.preset)
    console = Console()
    with (
        if_interrupted(lambda: f"finished videos are in {output}; run the command again to resume"),
        _Bars(console) as bars,
    ):
        outcome = prepare(folder, output, recipe, max(1, options.workers), bars.begin, bars.hear)
    _say(console, summary(outcome, output))
    if outcome.failed:
        total = len(outcome.made) + len(outcome.kept) + len(outcome.failed)
        raise DatasetError(
            f"{len(outcome.failed)} of {total} videos could not be prepared; the first: {outcome.failed[0]}"
        )


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    usual = Recipe()
    made = OptionParser(
        prog="yowo data prepare",
        description="Re-encode the videos of a data set for fast random access: smaller, and with more key frames.",
        epilog=EPILOG,
    )
    made.add_argument("folder", type=Path, metavar="DIR", help="root of the data set: videos at any depth")
    made.add_argument("--output", type=Path, metavar="DIR2", help="root of the copy (DIR_prepared)")
    made.add_argument(
        "--short-side", type=int, default=usual.short_side, help="short side in pixels; videos are never enlarged (256)"
    )
    made.add_argument("--gop", type=int, default=usual.gop, help="frames from one key frame to the next (8)")
    made.add_argument("--crf", type=int, default=usual.crf, help="quality, 0 (lossless) to 35 (23)")
    made.add_argument("--preset", choices=PRESETS, default=usual.preset, help="encoding time against file size (fast)")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one per CPU core)")
    return made


def summary(outcome: Outcome, output: Path) -> str:
    """Return one line with the number and size of the prepared videos."""
    videos = [*outcome.made.values(), *outcome.kept.values()]
    before, after = sum(one.source_bytes for one in videos), sum(one.bytes for one in videos)
    return (
        f"{len(outcome.made)} videos prepared, {len(outcome.kept)} already prepared: {before / 1e6:,.1f} MB reduced to "
        f"{after / 1e6:,.1f} MB; use: dataset.root={output}"
    )


class _Bars:
    """Progress: on a terminal a bar for all videos, by bytes, and one for each in work, by frames; else lines.

    It prints failures.
    """

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
        self._progress = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._console = console
        self._all = TaskID(0)
        self._tasks: dict[str, TaskID] = {}
        self._parts: dict[str, float] = {}
        self._number = self._ended = 0
        self._lines: Lines | None = None

    def __enter__(self) -> Self:
        if on_terminal():
            self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        if on_terminal():
            self._progress.stop()

    def begin(self, jobs: list[Job], kept: int) -> None:
        """Show the bar of all videos; `kept` videos are already prepared."""
        self._number = len(jobs)
        total = sum(job.bytes for job in jobs)
        self._all = self._progress.add_task("preparing", total=total, count=f"0/{len(jobs)} videos")
        if not on_terminal():
            self._lines = Lines(f"preparing {len(jobs):,} videos", round(total / 1e6), "MB")

    def hear(self, event: Event) -> None:
        """Update the bars after an event."""
        name = event.job.name
        if isinstance(event, Advance):
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name[-40:], total=event.total, count="")
            count = f"{event.frames:,}/{event.total:,} frames"
            self._progress.update(self._tasks[name], completed=event.frames, count=count)
            self._parts[name] = event.job.bytes * event.frames / event.total
        else:
            if isinstance(event, Failed):
                _say(self._console, f"not prepared: {event.reason}")
            if name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))
            self._ended += 1
            self._parts[name] = event.job.bytes
        count = f"{self._ended:,}/{self._number:,} videos"
        done = sum(self._parts.values())
        self._progress.update(self._all, completed=done, count=count)
        if self._lines is not None:
            self._lines.advance(round(done / 1e6))


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
