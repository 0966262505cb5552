"""One source through network, tubes and outputs, with what a person sees meanwhile and reads in the end."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

from yowo.commands.interruption import if_interrupted
from yowo.errors import ConfigError
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.frame_tracks import CurrentTracks, FinalTracks, FrameTracks, LinkedTracks
from yowo.inference.outputs.frame_output import FrameOutput, StreamFacts
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.watching.output_group import OutputGroup
from yowo.inference.watching.two_passes import SeenBefore
from yowo.inference.watching.watch import SeenFrame, Watching, seen_frames, watch
from yowo.progress import track
from yowo.tubes.linking import Linker
from yowo.tubes.online import OnlineLinker
from yowo.video.frame_source import FrameSource

log = logging.getLogger(__name__)
NOTHING_YET = "no frame was written yet; run the command again"


class Watched(NamedTuple):
    """What was found on a source.

    Attributes:
        frames: Number of frames.
        detections: Number of boxes and classes on them.
        tubes: Number of tubes.
        people: Number of people.
        dropped: Frames of a live source that came too fast.
        kept: A line for each output that leaves something.
    """

    frames: int
    detections: int
    tubes: int
    people: int
    dropped: int
    kept: list[str]


def watch_source(
    source: FrameSource,
    reopen: Callable[[], FrameSource],
    detector: FrameDetector,
    linker: Linker,
    outputs: Callable[[StreamMeter], list[FrameOutput]],
    facts: StreamFacts,
    how: Watching,
) -> Watched:
    """Detect on a source until it ends.

    With `OnlineLinker` frames are written as they come: those of files with final tubes, those of live sources at once.
    Another linker needs all frames, so that a file is read twice: its outputs are written on the second pass.

    Args:
        source: Open, and not yet read.
        reopen: Opens it once more.
        detector: Before its first frame.
        linker: Makes the tubes.
        outputs: Opens the outputs, which are closed in the end.
        facts: Of the source.
        how: Threshold, stride and batch size.

    Raises:
        ConfigError: The linker needs all frames of a source that is read once.
        VideoError: A frame cannot be read.
        YowoError, OSError: An output cannot be written.
    """
    meter = StreamMeter()
    classes = len(facts.classes)
    frames = seen_frames(source, detector, how, meter)
    if isinstance(linker, OnlineLinker):
        kind = CurrentTracks if facts.live else FinalTracks
        return _written(frames, kind(linker, classes, how.stride), outputs, facts, how, meter, "detecting")
    if facts.live:
        raise ConfigError(f"source={facts.source} is read once, and this linker needs all frames; use linker=online")
    words: list[str] = []
    with SeenBefore() as before, if_interrupted(lambda: "; ".join(words) or NOTHING_YET):
        try:
            for seen in track(frames, "detecting", facts.length, more=meter.rate):
                before.add(seen, how)
                meter.done(seen.frame)
        except BaseException:  # what was found is written all the same
            if before.frames:
                log.info("writing the %d frames until now", before.frames)
                words += _kept_words(facts, _again(before, reopen, linker, outputs, facts, how))
            raise
        return _again(before, reopen, linker, outputs, facts, how)


def _again(
    before: SeenBefore,
    reopen: Callable[[], FrameSource],
    linker: Linker,
    outputs: Callable[[StreamMeter], list[FrameOutput]],
    facts: StreamFacts,
    how: Watching,
) -> Watched:
    """Link what was found, and write the frames on a second pass."""
    meter = StreamMeter()
    tracks = LinkedTracks(before.tubes(linker, len(facts.classes)), len(facts.classes))
    with reopen() as source:
        frames = before.again(source, how.batch_size, meter)
        return _written(frames, tracks, outputs, facts, how, meter, "writing", before.frames)


def _written(
    frames: Iterator[SeenFrame],
    tracks: FrameTracks,
    outputs: Callable[[StreamMeter], list[FrameOutput]],
    facts: StreamFacts,
    how: Watching,
    meter: StreamMeter,
    what: str,
    total: int | None = None,
) -> Watched:
    """Write frames to all outputs, see `watch`."""
    group = OutputGroup(outputs(meter))

    def so_far() -> Watched:
        return Watched(group.frames, group.detections, tracks.tubes, tracks.people, meter.dropped, group.kept())

    more = meter.words if facts.live else meter.rate
    with if_interrupted(lambda: "; ".join(_kept_words(facts, so_far()))):
        watch(frames, tracks, group, how, meter, lambda seen: track(seen, what, total or facts.length, more=more))
    return so_far()


def _kept_words(facts: StreamFacts, watched: Watched) -> list[str]:
    """Say what is kept of an interrupted source."""
    if not watched.frames:
        return [NOTHING_YET]
    of = "" if facts.length is None else f" of {facts.length}"
    again = [] if facts.live else ["the command can only begin anew"]
    return [f"{watched.frames}{of} frames are written", *watched.kept, *again]
