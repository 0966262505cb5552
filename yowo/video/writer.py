"""Writing video files: under a temporary name, and renamed when they are complete, or such that they can be cut off."""

import math
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.packets import words
from yowo.video.sound import Sound, open_sound

FRAGMENTED = (".mp4", ".mov", ".m4v")
"""Endings of containers whose index is at the end: without its end a file plays only if it is in fragments."""
GROWING = {
    **{ending: {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000"} for ending in FRAGMENTED},
    ".mkv": {"cluster_time_limit": "1"},
}
"""Options, by ending, of containers whose frames are on disk as they come."""
AT_ONCE = {"tune": "zerolatency"}
"""Options of libx264: a frame leaves the encoder when it is given, not about 40 frames later."""
WAITING = {"max_interleave_delta": "100000"}
"""Options of containers: pictures wait for sound that does not come for a tenth of a second at most."""
TICKS = 10_000
"""Moments of a second, at least, at which a frame can be shown, where the container has a time for each frame."""
WITHOUT_TIMES = (".avi",)
"""Endings of containers whose frames follow each other at one rate."""
PIXELS_OF_A_CORE = 640 * 480
"""Frames up to this size are encoded by one thread: several cost more and are not needed."""


class VideoWriter:
    """A context manager that writes frames; the file appears when the block ends without an error.

    Examples:
        >>> import tempfile, numpy as np
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with VideoWriter(f"{folder}/v.mp4", fps=25, size=(64, 48)) as writer:
        ...         for grey in range(0, 250, 10):
        ...             writer.write(np.full((48, 64, 3), grey, dtype=np.uint8))
        ...     [file.name for file in Path(folder).iterdir()]
        ['v.mp4']
    """

    def __init__(
        self,
        path: str | Path,
        fps: float,
        size: tuple[int, int],
        codec: str = "libx264",
        crf: int = 20,
        keep: bool = False,
        preset: str | None = None,
        sound: str | Path | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: The video to write; its ending names the container.
            fps: Frames per second.
            size: Width and height of the frames in pixels. A black row or column is added to an odd side, because
                encoders need even ones.
            codec: Name of the encoder.
            crf: Constant rate factor, 0 (best) to 51; encoders without one use their own default.
            keep: Whether the frames written so far are kept when the block raises: the file then appears at once, and
                plays at any time, also if the process is killed.
            preset: Of libx264: "ultrafast" (large files) to "veryslow" (small ones); None is its own.
            sound: A video file whose sound is kept, as far as there are pictures; None writes none. It is copied, or
                encoded anew if it does not go into this kind of file.

        Raises:
            VideoError: The folder is missing, the encoder or container does not exist, or fps or size is invalid.
        """
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise VideoError(f"{path}: the folder {self.path.parent} is missing; make it first")
        if not (math.isfinite(fps) and fps > 0):
            raise VideoError(f"{path}: expected a rate above 0 frames per second, got {fps}")
        if min(size) < 1:
            raise VideoError(f"{path}: expected a size of at least 1x1 pixels, got {size[0]}x{size[1]}")
        hidden = self.path.with_name(f".{self.path.stem}.unfinished{self.path.suffix}")
        self._keep, self._whole = keep, hidden
        self._unfinished = self.path if keep else hidden
        self._in_fragments = keep and self.path.suffix.lower() in FRAGMENTED
        self._size = size
        self._count = 0
        self._sound: Sound | None = None
        self._rate = Fraction(fps).limit_denominator(1001)
        self._moments = 0
        ending = self.path.suffix.lower()
        try:
            if av.Codec(codec, "w").type != "video":
                raise VideoError(f"{path}: {codec} does not encode pictures")
            options = {"flush_packets": "1", **WAITING, **GROWING.get(ending, {})} if keep else {}
            self._container = av.open(str(self._unfinished), "w", options=options)
        except av.codec.codec.UnknownCodecError as error:
            raise VideoError(f"{path}: cannot be written, there is no encoder {codec} here") from error
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{path}: cannot be written ({words(error)}); name it .mp4, .mkv or .avi") from error
        try:
            self._stream = cast(VideoStream, self._container.add_stream(codec, rate=self._rate))
        except (av.FFmpegError, ValueError) as error:
            self.discard()
            raise VideoError(f"{path}: {codec} does not go into this kind of file ({words(error)})") from error
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1 if size[0] * size[1] <= PIXELS_OF_A_CORE else 0
        chosen = {"preset": preset} if preset is not None else {}
        self._stream.options = {"crf": str(crf), **chosen, **(AT_ONCE if keep and codec == "libx264" else {})}
        self._tick = 1 / self._rate
        if ending not in WITHOUT_TIMES:
            self._tick /= -(-TICKS // self._rate.numerator) * self._rate.denominator
            self._stream.codec_context.time_base = self._tick
        self._sound = None if sound is None else open_sound(sound, self.path, options)
        if self._sound is not None:
            self._sound.add_to(self._container)

    def write(self, frame: NDArray[np.uint8], seconds: float | None = None) -> None:
        """Append a frame.

        Args:
            frame: uint8 [H, W, 3], RGB.
            seconds: Its time since the first frame; without one, or if it is not later than the last one's, it follows
                the last one at the file's rate. An AVI file has no times: all its frames follow each other so.

        Raises:
            VideoError: The frame has another size or type, or the encoder refuses it.
        """
        width, height = self._size
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise VideoError(
                f"{self.path}: expected frames uint8 [{height}, {width}, 3], got {frame.dtype} {list(frame.shape)}"
            )
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0))) if height % 2 or width % 2 else frame
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        picture.time_base = self._tick
        picture.pts = self._moment(seconds)
        try:
            self._copy_sound(float((picture.pts + 1) * self._tick + 1 / self._rate))
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{self.path}: frame {self._count} cannot be written ({words(error)})") from error
        self._count += 1

    def _moment(self, seconds: float | None) -> int:
        """Return the time of the next frame in ticks, later than that of the last one."""
        if self.path.suffix.lower() in WITHOUT_TIMES:
            return self._count
        usual = self._moments + round(1 / self._rate / self._tick) if self._count else 0
        given = None if seconds is None or not math.isfinite(seconds) else round(seconds / self._tick)
        self._moments = usual if given is None or (self._count and given <= self._moments) else given
        return self._moments

    def _copy_sound(self, until: float) -> None:
        """Copy the sound up to a time in seconds."""
        if self._sound is not None:
            for packet in self._sound.until(until):
                self._container.mux(packet)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Finish the file; after an error remove it, unless what was written is to be kept.

        Raises:
            VideoError: The file cannot be finished, or no frame was written.
        """
        if kind is not None and not (self._keep and self._count):
            self.discard()
            return
        try:
            if not self._count:
                raise VideoError(f"{self.path}: no frame was written")
            self._finish()
        except (av.FFmpegError, OSError, ValueError) as failure:
            if kind is None:  # else the first error is the one to tell
                raise VideoError(f"{self.path}: cannot be finished ({words(failure)})") from failure
        finally:
            self._close()
            if not (self._keep and self._count):
                self._unfinished.unlink(missing_ok=True)

    def _finish(self) -> None:
        """Write what the encoder still holds, close the file, and give it its name and an index."""
        self._container.mux(self._stream.encode())
        self._container.close()
        if self._in_fragments:
            try:
                with_index(self._unfinished, self._whole)
                self._whole.replace(self.path)
            finally:
                self._whole.unlink(missing_ok=True)
        elif not self._keep:
            self._unfinished.replace(self.path)

    def discard(self) -> None:
        """Close the unfinished file and remove it; nothing can be written any more."""
        self._close()
        self._unfinished.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._sound is not None:
            self._sound.close()
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()


def check_ending(path: Path, codec: str = "libx264") -> None:
    """Check, without writing to it, that a video can be written under a name.

    Args:
        path: The video; only its ending counts.
        codec: Name of the encoder.

    Raises:
        VideoError: The ending names no container for this encoder.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            VideoWriter(Path(folder) / f"video{path.suffix}", 25, (64, 64), codec).discard()
        except VideoError as error:
            raise VideoError(f"{path}: {codec} cannot be written to it; name it .mp4, .mkv or .avi") from error


def with_index(fragmented: Path, whole: Path) -> None:
    """Copy a video in fragments, without encoding it again, to one with an index, which every player can seek in.

    Args:
        fragmented: The file to read.
        whole: The file to write.

    Raises:
        av.FFmpegError, OSError: A file cannot be read or written.
    """
    with av.open(str(fragmented)) as source, av.open(str(whole), "w", options={"movflags": "faststart"}) as target:
        tracks = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:  # the last ones are empty
                packet.stream = tracks[packet.stream.index]
                target.mux(packet)
