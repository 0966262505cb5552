"""One sequential pass over a video file: its packets are read, and its frames decoded as the packets come."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import av

from yowo.errors import VideoError
from yowo.video.packets import DECODING_ERRORS, NO_TIME, PacketFacts, Packets, words

CONCEALED = "concealing"
"""What FFmpeg writes into its log, and nowhere else, where it paints over a missing part of a picture."""
HOLE = b"\0\0\0\0"
CODECS_WITHOUT_ZEROS = {"h264", "hevc"}
"""They keep runs of zeros out of their packets (ITU-T H.264, 7.4.1), so such a run is a hole in the file."""
QUICK = {"skip_loop_filter": "all", "skip_idct": "all"}
"""Leaves out the expensive end of decoding, in which damage does not show."""


class Decode(Enum):
    """How much of a file is decoded while its packets are read."""

    FIRST = "frames up to the first one that can be decoded"
    ALL = "all frames that can be decoded"
    STRICT = "all frames, stopping at the first sign of damage"


class FoundFrames:
    """Frames in the order in which the decoder gives them.

    Attributes:
        times: Time of each frame in units of the stream; `NO_TIME` for none.
        keys: Whether each frame is a key frame.
        width: Pixels of a row of the first frame, as stored.
        height: Pixels of a column of the first frame, as stored.
        quarters: Quarter turns of the first frame, see `quarters`.
    """

    def __init__(self) -> None:
        """Start without frames."""
        self.times: list[int] = []
        self.keys: list[bool] = []
        self.width = self.height = self.quarters = 0

    def add(self, frame: av.VideoFrame) -> None:
        """Append a frame."""
        self.quarters = self.quarters if self.times else quarters(frame)
        self.width, self.height = self.width or frame.width, self.height or frame.height
        self.times.append(NO_TIME if frame.pts is None else frame.pts)
        self.keys.append(frame.key_frame)


class FilePass(NamedTuple):
    """What a pass over a file found.

    Attributes:
        packets: Facts about all packets.
        frames: The frames that were decoded.
        complete: Whether these are all frames that the file has. Not so for `Decode.FIRST`, nor where strict decoding
            stopped, because of damage or length.
        too_long: Whether strict decoding was not begun, or stopped, because of the limit of pixels.
        failure: The last error before the first frame; None if there was none.
        key_packets: Hash of the content of each key packet by its time, from strict decoding.
    """

    packets: Packets
    frames: FoundFrames
    complete: bool
    too_long: bool
    failure: Exception | None
    key_packets: Mapping[int, int]


def read_file(path: str | Path, decode: Decode, most_pixels: int | None = None) -> FilePass:
    """Read a file once, from its beginning to its end.

    If packets of its container and codec are never known to be one frame each, frames can only be numbered by decoding:
    `Decode.FIRST` then decodes all frames, and `most_pixels` does not apply.

    Args:
        path: The file.
        decode: Which frames to decode.
        most_pixels: Pixels of all frames above which strict decoding is not begun, by what the header tells of their
            number, or stopped; None for no limit.

    Raises:
        VideoError: The file is not a video, or has no packet of one.
    """
    with ExitStack() as listening:
        messages = listening.enter_context(_ffmpeg_messages()) if decode is Decode.STRICT else []
        try:
            with av.open(str(path)) as container:
                facts = PacketFacts(path, container)
                decoding = _chosen(facts, decode, most_pixels, messages)
                for packet in facts.read():
                    if not decoding.done:
                        decoding.push(packet)
                    if decoding.done:
                        listening.close()
                packets = facts.packets()
        except DECODING_ERRORS as error:
            raise VideoError(f"{path}: not a readable video ({words(error)})") from error
        complete = decoding.completes(facts.error)
    return FilePass(
        packets, decoding.frames, complete, decoding.too_long, facts.error or decoding.failure, decoding.key_packets
    )


def quarters(frame: av.VideoFrame) -> int:
    """Return the quarter turns counterclockwise that a frame's display matrix asks for; 0 for other angles."""
    return 0 if frame.rotation % 90 else frame.rotation // 90 % 4


def stop_at_errors(stream: av.VideoStream, options: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make a stream's decoder fail at damage that it would paint over otherwise; several threads would hide it."""
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"err_detect": "explode", **options}


@contextmanager
def _ffmpeg_messages() -> Iterator[list[tuple[int, str, str]]]:
    """Collect what FFmpeg writes into its log: (level, name, message)."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.DEBUG)
    try:
        with av.logging.Capture() as messages:
            yield messages
    finally:
        av.logging.set_level(level)


class _Decoding:
    """Decodes as players do, up to the first error behind the first frame."""

    def __init__(self, only_first: bool) -> None:
        """Store how far to decode."""
        self.frames = FoundFrames()
        self.done = self.too_long = False
        self.failure: Exception | None = None
        self.key_packets: dict[int, int] = {}
        self._only_first = only_first

    def push(self, packet: "av.Packet[av.VideoStream]") -> None:
        """Decode a packet; the empty one at the end gives the frames that the decoder still holds.

        Packets that cannot be decoded are skipped before the first frame, as in a recording that begins in the middle.
        After it they end the decoding, because later frames could not be numbered.
        """
        try:
            found = packet.decode()
        except DECODING_ERRORS as error:
            self.failure = error
            self.done = bool(self.frames.times)
            return
        for frame in found:
            if isinstance(frame, av.VideoFrame) and not self.done:
                self.frames.add(frame)
                self.done = self._only_first

    def completes(self, error: Exception | None) -> bool:
        """Tell whether `frames` are all that can be decoded, once reading has ended (with `error`, if any)."""
        return not self._only_first


class _StrictDecoding(_Decoding):
    """Decodes as strictly as the decoder can, and stops at any sign of damage."""

    def __init__(self, stream: av.VideoStream, most_frames: float, messages: list[tuple[int, str, str]]) -> None:
        """Make the stream's decoder strict.

        Args:
            stream: Nothing of it is decoded yet.
            most_frames: Frames after which to stop.
            messages: Where FFmpeg's log arrives.
        """
        super().__init__(only_first=False)
        stop_at_errors(stream, QUICK)
        self._without_zeros = stream.codec_context.name in CODECS_WITHOUT_ZEROS
        self._most_frames, self._messages = most_frames, messages
        self._failed = False

    def push(self, packet: "av.Packet[av.VideoStream]") -> None:
        """Decode a packet, unless it shows damage."""
        data = bytes(packet)
        if packet.pts is not None and packet.is_keyframe:
            self.key_packets[packet.pts] = hash(data)
        try:
            self._failed = (self._without_zeros and HOLE in data) or not all(map(self._accepts, packet.decode()))
        except DECODING_ERRORS:
            self._failed = True
        self.too_long = not self._failed and len(self.frames.times) > self._most_frames
        self.done = self._failed or self.too_long

    def _accepts(self, frame: object) -> bool:
        """Add a frame; tell whether it is whole and of the same size as the first one."""
        if not isinstance(frame, av.VideoFrame):
            return True
        concealed = self._concealed()
        self._messages.clear()
        self.frames.add(frame)
        same_size = (frame.width, frame.height) == (self.frames.width, self.frames.height)
        return same_size and not (concealed or frame.is_corrupt)

    def _concealed(self) -> bool:
        return any(CONCEALED in message for _, _, message in self._messages)

    def completes(self, error: Exception | None) -> bool:
        """Tell whether the whole file was decoded without a sign of damage."""
        return not (self.done or error or self._concealed())


def _chosen(
    facts: PacketFacts, decode: Decode, most_pixels: int | None, messages: list[tuple[int, str, str]]
) -> _Decoding:
    """Return what decodes a file, see `read_file`."""
    if not facts.may_number_frames:
        most_pixels = None
    if decode is not Decode.STRICT:
        return _Decoding(only_first=decode is Decode.FIRST and facts.may_number_frames)
    if most_pixels is not None and facts.expected_pixels > most_pixels:
        first = _Decoding(only_first=True)
        first.too_long = True
        return first
    pixels = facts.width * facts.height
    most_frames = most_pixels / pixels if most_pixels is not None and pixels else float("inf")
    return _StrictDecoding(facts.stream, most_frames, messages)
