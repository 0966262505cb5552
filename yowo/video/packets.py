"""What a video file says about itself without being decoded: its packets, in the order in which they are stored."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from yowo.errors import VideoError

NO_TIME = np.iinfo(np.int64).min
"""Stands for a timestamp that is not there."""
DEFAULT_FPS = 25.0
"""Rate of videos that carry none: pictures, bare streams."""
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
        refreshed: Whether a key frame is a mere recovery point of H.264, after which pictures become whole by and by.
        damaged: Whether a packet is marked as broken, or reading ended with an error.
        hidden: Whether a packet is marked as not to be shown, as by the edit list of an MP4 file.
        promised: Frames that the container's header names; 0 where it names none.
        container: First name of the format, such as "mov".
        codec: Name of the codec, such as "h264".
        reordered: Whether the codec shows frames in another order than they are stored in.
        fps: Frames a second, on average.
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
            self.container in CONTAINERS_WITH_TIMES
            and self.codec in CODECS_WITH_A_FRAME_A_PACKET
            and self.whole
            and not self.hidden
            and not (self.container == "avi" and self.reordered)
            and self.keys[0]
            and self.times[0] == self.times.min() > NO_TIME
            and len(np.unique(self.times)) == len(self.times)
        )

    @property
    def closed(self) -> bool:
        """Whether every key frame is a clean cut: frames stored before it are shown before it, later ones after it.

        Not so in streams with open groups of pictures, nor in those that are refreshed by and by.
        """
        until = np.maximum.accumulate(self.times)
        after = np.minimum.accumulate(self.times[::-1])[::-1]
        keys = np.flatnonzero(self.keys)
        later = keys[keys > 0]
        if self.refreshed:
            return False
        return bool((after[keys] == self.times[keys]).all() and (until[later - 1] < self.times[later]).all())


def read_packets(path: str | Path) -> Packets:
    """Read the packets of a file's first video stream; nothing is decoded.

    Raises:
        VideoError: The file is no video, or has no packet of one.
    """
    times: list[int] = []
    keys: list[bool] = []
    damaged = hidden = refreshed = False
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError(f"{path}: holds no video stream")
            stream = container.streams.video[0]
            codec = stream.codec_context
            if codec is None:
                raise VideoError(f"{path}: holds pictures of an unknown codec")
            try:
                for packet in container.demux(stream):
                    if packet.size:
                        times.append(NO_TIME if packet.pts is None else packet.pts)
                        keys.append(packet.is_keyframe)
                        damaged |= packet.is_corrupt
                        hidden |= packet.is_discard
                        if packet.is_keyframe and codec.name == "h264":
                            refreshed |= not _holds_idr(bytes(packet), codec.extradata or b"")
            except DECODING_ERRORS:
                damaged = True
            if not times:
                raise VideoError(f"{path}: holds no frame")
            return Packets(
                times=np.array(times, dtype=np.int64),
                keys=np.array(keys, dtype=np.bool_),
                refreshed=refreshed,
                damaged=damaged,
                hidden=hidden,
                promised=stream.frames,
                container=container.format.name.partition(",")[0],
                codec=codec.name,
                reordered=bool(codec.has_b_frames),
                fps=rate(stream),
                width=codec.width,
                height=codec.height,
                tick=stream.time_base or Fraction(1),
                origin=begin(container),
            )
    except DECODING_ERRORS as error:
        raise VideoError(f"{path}: not a readable video ({words(error)})") from error


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
    """Return the frames a second of a stream, on average; 25 where nothing is known."""
    return float(stream.average_rate or stream.guessed_rate or DEFAULT_FPS)


def begin(container: InputContainer) -> Fraction | None:
    """Return the seconds at which a player begins; None where the container does not tell."""
    return None if container.start_time is None else Fraction(container.start_time, av.time_base)


def words(error: Exception) -> str:
    """Return the part of a decoder's error that people can read."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
