"""A film that a copy is made of: the frames that our readers count, decoded once from the first to the last."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av

from yowo.errors import VideoError
from yowo.video.backends import choose_backend
from yowo.video.frame_index import FrameIndex, decoded, frame_index
from yowo.video.packets import DECODING_ERRORS, NO_TIME, words
from yowo.video.pyav_reader import PyAVReader, SequentialReader


@dataclass(frozen=True, slots=True)
class FilmSource:
    """A film as our readers see it.

    Attributes:
        path: The file.
        index: Its frames.
        size: Width and height in pixels, as shown.
        damaged: Whether it is read as `SequentialReader` does.
    """

    path: Path
    index: FrameIndex
    size: tuple[int, int]
    damaged: bool


def open_source(path: Path) -> FilmSource:
    """Find out what our readers see of a film: the frames that `yowo.video.probe.probe_video` counts.

    Raises:
        VideoError: Nothing reads it.
    """
    damaged = choose_backend(path) == SequentialReader.backend
    if not damaged:
        try:
            with PyAVReader(path) as reader:
                reader.get_frames([0, len(reader) - 1])
        except VideoError:
            damaged = True
    index = frame_index(path, by_decoding=damaged)
    size = (index.width, index.height)
    return FilmSource(path, index, size[::-1] if index.quarters % 2 else size, damaged)


def source_frames(source: FilmSource, threads: int = 1) -> Iterator[av.VideoFrame]:
    """Yield the frames of a film as stored, one for each of its index.

    Raises:
        VideoError: The file gives fewer frames, or others; after those that are as they should be.
    """
    times, count = source.index.times, 0
    try:
        with av.open(str(source.path)) as film:
            if not source.damaged:
                film.streams.video[0].thread_type = "AUTO"
                film.streams.video[0].codec_context.thread_count = threads
            for frame in islice(decoded(film), len(times)):
                if (NO_TIME if frame.pts is None else frame.pts) != times[count]:
                    break
                yield frame
                count += 1
    except DECODING_ERRORS as error:
        raise VideoError(f"{source.path}: frame {count} cannot be decoded ({words(error)})") from error
    if count < len(times):
        raise VideoError(
            f"{source.path}: damaged after frame {count - 1}, though its packets promise {len(times)} frames; repair it"
        )
