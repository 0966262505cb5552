"""The source of a copy: exactly the frames that the video readers count, decoded once in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av

from yowo.errors import VideoError
from yowo.video.backends import choose_backend
from yowo.video.frame_index import FrameIndex, decoded, frame_index
from yowo.video.grey import with_its_range
from yowo.video.packets import DECODING_ERRORS, NO_TIME, film_stream, words
from yowo.video.pyav_reader import PyAVReader, SequentialReader


@dataclass(frozen=True, slots=True)
class FilmSource:
    """A video as the readers of `yowo.video` see it.

    Attributes:
        path: The video file.
        index: Its frame index.
        size: Width and height in pixels, as displayed.
        damaged: Whether it can only be decoded from the start, as `SequentialReader` does.
    """

    path: Path
    index: FrameIndex
    size: tuple[int, int]
    damaged: bool


def open_source(path: Path) -> FilmSource:
    """Open a video for copying; its frames are those that `yowo.video.probe.probe_video` counts.

    Raises:
        VideoError: No reader can decode the file.
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
    """Yield the decoded frames of a video, unrotated, one for each entry of its frame index.

    Raises:
        VideoError: The file decodes to fewer frames than its index lists, or to frames with other times; raised after
            the last correct frame.
    """
    times, count = source.index.times, 0
    try:
        with av.open(str(source.path)) as film:
            if not source.damaged:
                film_stream(film).thread_type = "AUTO"
                film_stream(film).codec_context.thread_count = threads
            for frame in islice(decoded(film), len(times)):
                if (NO_TIME if frame.pts is None else frame.pts) != times[count]:
                    break
                yield with_its_range(frame, film_stream(film).codec_context.name)
                count += 1
    except DECODING_ERRORS as error:
        raise VideoError(f"{source.path}: frame {count} cannot be decoded ({words(error)})") from error
    if count < len(times):
        raise VideoError(
            f"{source.path}: damaged after frame {count - 1}: expected {len(times)} frames from its packets; repair "
            "the file"
        )
