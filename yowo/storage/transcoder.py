"""Transcode a video to a smaller one with fast random access: the same frames at the same times, frequent key frames.

The copy is H.264 in MP4 without B-frames. Every `gop`-th frame is an IDR frame, so decoding can start there, and the
index (`moov`) is at the beginning of the file. Audio is not copied.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from yowo.errors import ConfigError, VideoError
from yowo.storage.copy_clock import Clock, copy_clock
from yowo.storage.film_source import FilmSource, source_frames
from yowo.video.packets import DECODING_ERRORS, words

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
WORST_CRF = 35
SMALLEST_SIDE = 16
RGB = 0
"""`AVCOL_SPC_RGB`: RGB frames, which have no YUV conversion matrix that the copy could inherit."""
SILENCE_RATE, SILENCE_LENGTH = 8000, 160
"""Sampling rate in Hz and length in samples of the silent audio that starts a copy with a delay."""


class TargetError(VideoError):
    """The copy cannot be written; the source is not at fault."""


class Recipe(NamedTuple):
    """Size and encoding of copies.

    Attributes:
        short_side: Length of the shorter side in pixels, even, at least 16; smaller videos keep their size.
        gop: Distance between key frames in frames.
        crf: Constant rate factor of x264, 0 (lossless) to 35.
        preset: Preset of x264: slower ones give smaller files.
    """

    short_side: int = 256
    gop: int = 8
    crf: int = 23
    preset: str = "fast"

    def check(self) -> None:
        """Raise a ConfigError if a value is out of range."""
        if self.short_side < SMALLEST_SIDE or self.short_side % 2:
            raise ConfigError(
                f"short side: expected an even number of pixels of at least {SMALLEST_SIDE}, got {self.short_side}"
            )
        if self.gop < 1:
            raise ConfigError(f"gop: expected a key frame distance of at least 1 frame, got {self.gop}")
        if not 0 <= self.crf <= WORST_CRF:
            raise ConfigError(f"crf: expected 0 to {WORST_CRF}, got {self.crf}")
        if self.preset not in PRESETS:
            raise ConfigError(f"preset: expected one of {', '.join(PRESETS)}, got {self.preset!r}")


def scaled_size(size: tuple[int, int], short_side: int) -> tuple[int, int]:
    """Return the even width and height of a copy in pixels, with the aspect ratio of the original.

    Odd sides are rounded by scaling, never by padding or cropping, so that boxes given as fractions of the picture
    stay valid.

    Args:
        size: Width and height of the original in pixels.
        short_side: Largest allowed length of the shorter side in pixels.

    Examples:
        >>> scaled_size((1280, 720), 256)
        (456, 256)
        >>> scaled_size((161, 121), 256)
        (160, 120)
    """
    scale = min(1.0, short_side / min(size))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in size)
    return width, height


def transcode(
    source: FilmSource,
    target: Path,
    recipe: Recipe,
    threads: int = 1,
    on_frame: Callable[[int, av.VideoFrame], object] = lambda position, frame: None,
) -> Clock:
    """Write the copy of a video. The source is not changed.

    Args:
        source: The video to copy.
        target: The file to write, under exactly this name; after an error the incomplete file stays.
        recipe: Size and encoding of the copy.
        threads: Number of threads of the decoder and of the encoder, each.
        on_frame: Called with number (from 0) and frame, before rotation, after each frame was passed to the encoder.

    Returns:
        The presentation times of the copy's frames.

    Raises:
        VideoError: The source does not decode to the frames of its index, or its frames cannot be encoded.
        TargetError: The copy cannot be written.
    """
    clock = copy_clock(source.index)
    movie = {"movflags": "+faststart", "video_track_timescale": str(clock.rate), "movie_timescale": str(clock.rate)}
    with _writing(target):
        copy = av.open(str(target), "w", format="mp4", options=movie)
    try:
        encoder = _Encoder(copy, target, source, recipe, clock, threads)
        for position, frame in enumerate(source_frames(source, threads)):
            encoder.write(frame)
            on_frame(position, frame)
        encoder.finish()
        with _writing(target):
            copy.close()
    except DECODING_ERRORS as error:
        raise VideoError(f"{source.path}: cannot be encoded as H.264 ({words(error)}); convert or remove it") from error
    finally:
        with suppress(*DECODING_ERRORS):
            copy.close()
    return clock


class _Encoder:
    """Scales, rotates and encodes one frame after another."""

    def __init__(
        self, copy: OutputContainer, target: Path, source: FilmSource, recipe: Recipe, clock: Clock, threads: int
    ) -> None:
        self._copy, self._target = copy, target
        self._quarters = source.index.quarters
        self._size = scaled_size(source.size, recipe.short_side)
        self._scaler = VideoReformatter()
        rate = Fraction(source.index.fps).limit_denominator(1001)
        options = {"preset": recipe.preset, "crf": str(recipe.crf), "a53cc": "0", "x264-params": "scenecut=0"}
        self._stream = copy.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.gop_size, context.max_b_frames, context.thread_count = recipe.gop, 0, threads
        self._tick = 1 / rate
        self._clock = clock
        self._lasts = np.append(np.diff(clock.ticks), clock.last).tolist()
        self._given = self._written = 0
        self._sound = copy.add_stream("alac", rate=SILENCE_RATE, layout="mono") if clock.delay else None

    def write(self, frame: av.VideoFrame) -> None:
        """Append a decoded frame of the source, before rotation."""
        picture = self._picture(frame)
        if not self._given:
            context = self._stream.codec_context
            context.colorspace, context.color_range = picture.colorspace, picture.color_range
            context.color_trc, context.color_primaries = picture.color_trc, picture.color_primaries
            self._write_silence()
        picture.pts, picture.time_base, picture.pict_type = self._given, self._tick, PictureType.NONE
        self._given += 1
        self._mux(picture)

    def finish(self) -> None:
        """Write the frames that are still buffered in the encoder."""
        self._mux(None)

    def _picture(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame scaled, in yuv420p, and rotated as it is displayed."""
        width, height = self._size[::-1] if self._quarters % 2 else self._size
        matrix = Colorspace.ITU601 if frame.colorspace == RGB else None
        scaled = self._scaler.reformat(frame, width, height, "yuv420p", None, matrix, Interpolation.BICUBIC, threads=1)
        if not self._quarters:
            return scaled
        turned = av.VideoFrame.from_ndarray(
            _turn(cast(NDArray[np.uint8], scaled.to_ndarray()), self._quarters), format="yuv420p"
        )
        turned.colorspace, turned.color_range = scaled.colorspace, scaled.color_range
        turned.color_trc, turned.color_primaries = scaled.color_trc, scaled.color_primaries
        return turned

    def _mux(self, picture: av.VideoFrame | None) -> None:
        """Encode a frame and write packets with the clock's times; without B-frames they come out in frame order."""
        for packet in self._stream.encode(picture):
            packet.pts = packet.dts = int(self._clock.ticks[self._written])
            packet.duration, packet.time_base = self._lasts[self._written], Fraction(1, self._clock.rate)
            with _writing(self._target):
                self._copy.mux(packet)
            self._written += 1

    def _write_silence(self) -> None:
        """Write short silent audio at time 0 if the first frame is delayed, so that players start at time 0 too."""
        if self._sound is None:
            return
        silence = av.AudioFrame.from_ndarray(np.zeros((1, SILENCE_LENGTH), np.int16), format="s16p", layout="mono")
        silence.sample_rate, silence.pts, silence.time_base = SILENCE_RATE, 0, Fraction(1, SILENCE_RATE)
        packets = [*self._sound.encode(silence), *self._sound.encode(None)]
        with _writing(self._target):
            self._copy.mux(packets)


def _turn(planes: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Rotate the planes of a yuv420p picture, uint8 [H * 3 / 2, W], by quarter turns counterclockwise."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    colours = planes[height:].reshape(2, height // 2, width // 2)
    turned = [np.rot90(plane, quarters) for plane in (planes[:height], *colours)]
    new_width = turned[0].shape[1]
    return np.concatenate([np.ascontiguousarray(plane).reshape(-1, new_width) for plane in turned])


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Raise errors in writing the target as TargetError, to distinguish them from errors in reading the source."""
    try:
        yield
    except OSError as error:
        raise TargetError(
            f"{target}: cannot be written ({words(error)}); check the folder and the free disk space"
        ) from error
