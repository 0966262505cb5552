"""Facts about a video file that need no decoding: its packets, in the order in which they are stored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from yowo.errors import VideoError
from yowo.video.grey import is_grey

NO_TIME = np.iinfo(np.int64).min
"""Stands for a missing timestamp."""
DEFAULT_FPS = 25.0
"""Frames per second of videos without a rate: folders of pictures, elementary streams."""
DECODING_ERRORS = (av.FFmpegError, OSError, ValueError, IndexError)
"""What PyAV raises on damaged files; IndexError where a stream appears that the header did not name."""
CONTAINERS_WITH_TIMES = {"mov", "matroska", "avi"}
CODECS_WITH_A_FRAME_A_PACKET = {"h264", "hevc", "mpeg4", "mjpeg", "vp9", "av1"}


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of a file's first video stream.

    Attributes:
        times: int64 [n], presentation time of each packet in units of the stream, `NO_TIME` where there is none.
        keys: bool [n], whether decoding can begin at the packet.
        refreshed: Whether a key frame is only a recovery point of H.264, after which pictures are refreshed gradually.
        damaged: Whether a packet is marked as corrupt, or reading ended with an error.
        hidden: Whether a packet is marked as not to be shown, as by the edit list of an MP4 file.
        promised: Frames that the container's header names; 0 where it names none.
        container: First name of the format, such as "mov".
        codec: Name of the codec, such as "h264".
        grey: Whether its pictures have no colour.
        reordered: Whether the codec shows frames in another order than they are stored in.
        fps: Average frames per second.
        width: Pixels.
        height: Pixels.
        tick: Seconds of one unit of the stream's time.
        origin: Seconds, on the stream's clock, at which a player begins: the start of the earliest stream, of sound or
            pictures; None where the container does not tell.
    """

    times: NDArray[np.int64]
    keys: NDArray[np.bool_]
    refreshed: bool
    damaged: bool
    hidden: bool
    promised: int
    container: str
    codec: str
    grey: bool
    reordered: bool
    fps: float
    width: int
    height: int
    tick: Fraction
    origin: Fraction | None

    @property
    def whole(self) -> bool:
        """Whether nothing seems to be missing: no damage, and as many packets as the header promises."""
        return not self.damaged and self.promised <= len(self.times)

    @property
    def one_frame_each(self) -> bool:
        """Whether each packet is one frame, shown at the packet's time, so that sorted times number the frames.

        False for containers and codecs of which this is not known, for missing or repeated times, for a stream that
        does not begin with a key frame (decoders drop what cannot be decoded), and for AVI with reordered frames
        (AVI stores the order of decoding only).
        """
        return bool(
            one_frame_each_possible(self.container, self.codec, self.reordered)
            and self.whole
            and not self.hidden
            and self.keys[0]
            and self.times[0] == self.times.min() > NO_TIME
            and len(np.unique(self.times)) == len(self.times)
        )

    @property
    def closed(self) -> bool:
        """Whether every key frame is a clean cut: frames stored before it are shown before it, later ones after it.

        Not so in streams with open groups of pictures, nor in those that are refreshed gradually.
        """
        until = np.maximum.accumulate(self.times)
        after = np.minimum.accumulate(self.times[::-1])[::-1]
        keys = np.flatnonzero(self.keys)
        later = keys[keys > 0]
        if self.refreshed:
            return False
        return bool((after[keys] == self.times[keys]).all() and (until[later - 1] < self.times[later]).all())

    @property
    def clean_jumps(self) -> bool:
        """Whether any decoder gives the right frames after a jump to a key frame.

        So if packets are one frame each and key frames are clean cuts, except in AVI files that begin with an empty
        frame.
        """
        return self.one_frame_each and self.closed and not (self.container == "avi" and self.times[0] != 0)


class PacketFacts:
    """Collects facts about the packets of a file's first video stream while they are read.

    Attributes:
        stream: The video stream.
        width: Pixels of a row, by the header.
        height: Pixels of a column, by the header.
        error: The error that ended reading; None if the end of the file was reached.
    """

    def __init__(self, path: str | Path, container: InputContainer) -> None:
        """Find the video stream of an open file.

        Args:
            path: The file, for messages.
            container: The open file, at its beginning.

        Raises:
            VideoError: There is no video stream, or its codec is unknown.
        """
        if not container.streams.video:
            raise VideoError(f"{path}: holds no video stream")
        self.stream = film_stream(container)
        if self.stream.disposition & Disposition.attached_pic:
            raise VideoError(f"{path}: holds no video, only a cover picture")
        codec = self.stream.codec_context
        if codec is None:
            raise VideoError(f"{path}: holds pictures of an unknown codec")
        self.error: Exception | None = None
        self._path, self._container = path, container
        # decoding changes these properties of the codec context, so they are read before the first packet
        self._codec, self._header = codec.name, codec.extradata or b""
        self._grey = is_grey(codec.pix_fmt)
        self.width, self.height = codec.width, codec.height
        self._reordered = bool(codec.has_b_frames)
        self._times: list[int] = []
        self._keys: list[bool] = []
        self._damaged = self._hidden = self._refreshed = False

    @property
    def may_number_frames(self) -> bool:
        """Whether packets of this container and codec can be one frame each, see `Packets.one_frame_each`."""
        return one_frame_each_possible(container_name(self._container), self._codec, self._reordered)

    @property
    def expected_pixels(self) -> int:
        """Pixels of all frames, by the number of frames in the header, else by its duration; 0 without either."""
        frames = self.stream.frames
        if not frames and self._container.duration is not None:
            frames = int(self._container.duration / av.time_base * rate(self.stream))
        return frames * self.width * self.height

    def read(self) -> "Iterator[av.Packet[av.VideoStream]]":
        """Yield the packets in the order in which they are stored, the empty one at the end included.

        An error of the container ends the iteration and is kept in `error`.
        """
        try:
            for packet in self._container.demux(self.stream):
                self._add(packet)
                yield packet
        except DECODING_ERRORS as error:
            self.error, self._damaged = error, True

    def _add(self, packet: "av.Packet[av.VideoStream]") -> None:
        if packet.size:
            self._times.append(NO_TIME if packet.pts is None else packet.pts)
            self._keys.append(packet.is_keyframe)
            self._damaged |= packet.is_corrupt
            self._hidden |= packet.is_discard
            if packet.is_keyframe and self._codec == "h264":
                self._refreshed |= not _holds_idr(bytes(packet), self._header)

    def packets(self) -> Packets:
        """Return the facts, once `read` has ended.

        Raises:
            VideoError: There was no packet.
        """
        if not self._times:
            raise VideoError(f"{self._path}: holds no frame")
        return Packets(
            times=np.array(self._times, dtype=np.int64),
            keys=np.array(self._keys, dtype=np.bool_),
            refreshed=self._refreshed,
            damaged=self._damaged,
            hidden=self._hidden,
            promised=self.stream.frames,
            container=container_name(self._container),
            codec=self._codec,
            grey=self._grey,
            reordered=self._reordered,
            fps=rate(self.stream),
            width=self.width,
            height=self.height,
            tick=self.stream.time_base or Fraction(1),
            origin=begin(self._container),
        )


def read_packets(path: str | Path) -> Packets:
    """Read the packets of a file's first video stream; nothing is decoded.

    Raises:
        VideoError: The file is not a video, or has no packet of one.
    """
    try:
        with av.open(str(path)) as container:
            facts = PacketFacts(path, container)
            for _ in facts.read():
                pass
            return facts.packets()
    except DECODING_ERRORS as error:
        raise VideoError(f"{path}: not a readable video ({words(error)})") from error


def film_stream(container: InputContainer) -> av.VideoStream:
    """Return the first stream of moving pictures of a file; a cover picture only if there is no other."""
    streams = container.streams.video
    return next((stream for stream in streams if not stream.disposition & Disposition.attached_pic), streams[0])


def container_name(container: InputContainer) -> str:
    """Return the first name of a container's format, such as "mov"."""
    return container.format.name.partition(",")[0]


def one_frame_each_possible(container: str, codec: str, reordered: bool) -> bool:
    """Tell whether packets of a container and codec are known to be one frame each, with the time it is shown at.

    Args:
        container: First name of the format, such as "mov".
        codec: Name of the codec.
        reordered: Whether frames are shown in another order than they are stored in. AVI stores only the order of
            decoding.
    """
    known = container in CONTAINERS_WITH_TIMES and codec in CODECS_WITH_A_FRAME_A_PACKET
    return known and not (container == "avi" and reordered)


def _holds_idr(packet: bytes, header: bytes) -> bool:
    """Whether an H.264 packet holds a slice of an instantaneous refresh (ITU-T H.264, table 7-1: NAL unit type 5).

    Units follow start codes (annex B), or their lengths (ISO/IEC 14496-15), as the stream's header tells.
    """
    if header[:1] != b"\1":
        return any(packet[code.end()] & 31 == 5 for code in re.finditer(rb"\x00\x00\x01(?=.)", packet, re.DOTALL))
    prefix, at = (header[4] & 3) + 1, 0
    while at + prefix < len(packet):
        if packet[at + prefix] & 31 == 5:
            return True
        at += prefix + int.from_bytes(packet[at : at + prefix], "big")
    return False


def rate(stream: av.VideoStream) -> float:
    """Return the average frames per second of a stream; 25 where nothing is known."""
    return float(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)


def begin(container: InputContainer) -> Fraction | None:
    """Return the second, on the stream's clock, at which a player begins; None where the container does not tell."""
    return None if container.start_time is None else Fraction(container.start_time, av.time_base)


def words(error: Exception) -> str:
    """Return the part of a decoder's error that people can read."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
