"""`yowo detect` on several videos: each is finished, passed over or named as failed; a second start does the rest."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep

from omegaconf import DictConfig

from yowo.commands.archive.one_video import BEFORE, BUSY, DONE, FAILED, Outcome
from yowo.commands.archive.settings import agree_on_settings
from yowo.commands.archive.shards import WHOLE, Shard, read_shard
from yowo.commands.archive.work import Work
from yowo.commands.interruption import if_interrupted
from yowo.commands.output_kinds import listed
from yowo.commands.records import record_run, run_folder
from yowo.errors import YowoError
from yowo.progress import duration
from yowo.video.source_names import Source, read_sources
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)
PATIENCE = 30.0
"""Seconds to wait in the end for processes that have the last videos: those of an earlier start may just be ending."""
STRANGE_IN_A_ROW = 3
"""Videos that fail one after the other for reasons that are not in the videos: then something else is wrong."""
NAMED = 20
"""Videos named in the last line."""
LOOK_AGAIN = 1.0
"""Seconds until the next look at videos that other processes have."""

Engine = Callable[[Sequence[Source]], Iterable[Outcome]]
"""Works on videos and tells how each ends, in any order."""


class Count:
    """Counts how work on videos ends, and says it line by line."""

    def __init__(self, total: int) -> None:
        """Begin.

        Args:
            total: Number of videos.
        """
        self.total = total
        self.ends: dict[str, str] = {}
        self.failed: list[str] = []
        self._strange: list[str] = []
        self._began = monotonic()

    def of(self, state: str) -> int:
        """Return how many videos have ended in a state."""
        return sum(end == state for end in self.ends.values())

    def add(self, outcome: Outcome) -> None:
        """Count a video, and log a line if it was worked on.

        Raises:
            YowoError: Several videos in a row failed for a reason that is not in the videos.
        """
        self.ends[outcome.name] = outcome.state
        place = f"{len(self.ends):,} of {self.total:,}"
        if outcome.state == DONE:
            log.info("%s: %s: %s", place, outcome.name, outcome.words)
        elif outcome.state == FAILED:
            self.failed.append(outcome.name)
            log.warning("%s: %s failed: %s", place, outcome.name, outcome.words)
        if outcome.state != BEFORE:
            self._strange = [] if outcome.expected else [*self._strange, outcome.words]
        if len(self._strange) >= STRANGE_IN_A_ROW:
            raise YowoError(f"{len(self._strange)} videos in a row failed, the last with: {self._strange[-1]}")

    def words(self) -> str:
        """Return the numbers, such as "80 videos done, 35 were finished before, 2 failed"."""
        kinds = {DONE: "done", BEFORE: "finished before", BUSY: "in the hands of another process", FAILED: "failed"}
        counts = [f"{self.of(state):,} {words}" for state, words in kinds.items() if self.of(state)]
        left = self.total - len(self.ends)
        return ", ".join([*counts, *([f"{left:,} not begun"] if left else [])])

    def end(self, folder: Path) -> None:
        """Log the numbers, and raise what keeps the results from being complete.

        Raises:
            YowoError: Videos failed, or others still work on some.
        """
        log.info("%s in %s", self.words(), duration(monotonic() - self._began))
        log.info("results: %s", folder)
        if self.failed:
            raise YowoError(
                f"{len(self.failed):,} of {self.total:,} videos failed: {_some(self.failed)}; the reasons are above "
                f"and in {folder}/..._failed.txt; the same command tries them again"
            )
        busy = [name for name, state in self.ends.items() if state == BUSY]
        if busy:
            raise YowoError(
                f"{len(busy):,} of {self.total:,} videos are in the hands of another process: {_some(busy)}; when it "
                "has ended, the same command looks whether they are finished"
            )


@disk_errors()
def detect_videos(config: DictConfig) -> None:
    """Detect on the videos that the configuration names, and say what was done.

    Raises:
        ConfigError: Parts of the configuration do not go together, or the results of the folder are of others.
        YowoError: A video failed, or a disk is full; what was finished stays.
    """
    record_run(config)
    shard = read_shard(config.shard)
    every = read_sources(str(config.source)).each
    sources = list(shard.part(every))
    folder = results_folder(config)
    agree_on_settings(folder, config)
    log.info("%s", _about(every, sources, shard))
    count = Count(len(sources))
    with if_interrupted(lambda: f"{count.words()}; the same command goes on in {folder}", alone=True):
        try:
            for outcome in worked_on(_engine(config, folder), sources):
                count.add(outcome)
        except (YowoError, OSError):
            log.info("%s; results: %s", count.words(), folder)
            raise
    count.end(folder)


def results_folder(config: DictConfig) -> Path:
    """Return the folder of the results: that of `output`, or that of the run."""
    named = listed(config.output)
    return Path(named[0]) if named else run_folder()


def _about(every: Sequence[Source], sources: Sequence[Source], shard: Shard) -> str:
    words = f"{len(every):,} video{'s' * (len(every) != 1)}"
    return words if shard == WHOLE else f"{len(sources):,} of {words} (shard {shard})"


def worked_on(engine: Engine, sources: Sequence[Source], patience: float = PATIENCE) -> Iterator[Outcome]:
    """Work on all videos, and then again on those that other processes had; yield how each ends.

    Args:
        engine: Works on videos, in any order.
        sources: The videos.
        patience: Seconds to wait for other processes as long as no video gets free.
    """
    left = {source.name: source for source in sources}
    until = monotonic() + patience
    while left:
        busy = dict(left)
        for outcome in engine(list(left.values())):
            if outcome.state != BUSY:
                del busy[outcome.name]
                yield outcome
        if len(busy) < len(left):
            until = monotonic() + patience
        if busy and monotonic() >= until:
            yield from (Outcome(name, BUSY) for name in busy)
            return
        if busy:
            sleep(LOOK_AGAIN)
        left = busy


def _engine(config: DictConfig, folder: Path) -> Engine:
    if config.engine == "ray":
        from yowo.commands.archive.on_ray import RayEngine

        return RayEngine(config, folder)
    work = Work(config, folder)
    return lambda sources: map(work.finish, sources)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
