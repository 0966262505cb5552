"""The sound of a video file, packet by packet, to be kept beside pictures that are encoded anew."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from yowo.video.packets import DECODING_ERRORS

log = logging.getLogger(__name__)


class Sound:
    """The first sound track of an open file, copied as it is. Times are in seconds since the first picture."""

    def __init__(self, path: str | Path) -> None:
        """Open the file.

        Args:
            path: A video file.

        Raises:
            av.FFmpegError, OSError, ValueError: It cannot be opened.
            IndexError: It has no sound, or no pictures.
        """
        self._container = av.open(str(path))
        try:
            self._stream: AudioStream = self._container.streams.audio[0]
            pictures = self._container.streams.video[0]
        except IndexError:
            self._container.close()
            raise
        begin = Fraction(0)
        if pictures.start_time is not None and pictures.time_base is not None:
            begin = pictures.start_time * pictures.time_base
        self._tick = Fraction(self._stream.time_base or Fraction(1, 1000))
        self._shift = round(begin / self._tick)
        self._packets = self._container.demux(audio=0)
        self._next: Packet[AudioStream] | None = None

    @property
    def codec(self) -> str:
        """Name of the codec."""
        return self._stream.codec_context.name

    def add_to(self, container: OutputContainer) -> None:
        """Add the track that `until` gives packets for.

        Raises:
            av.FFmpegError, ValueError: Such sound does not go into the container.
        """
        self._track = container.add_stream_from_template(self._stream)

    def until(self, seconds: float) -> Iterator["Packet[AudioStream]"]:
        """Yield the next packets that begin before a time.

        Args:
            seconds: The time; each call goes on where the last one ended.
        """
        for packet in self._before(seconds):
            packet.stream = self._track
            yield packet

    def _before(self, seconds: float) -> Iterator["Packet[AudioStream]"]:
        """Yield the next packets of the file that begin before a time, those before the first picture left out."""
        while (packet := self._peek()) is not None and cast(int, packet.dts) * self._tick < seconds:
            self._next = None
            yield packet

    def _peek(self) -> "Packet[AudioStream] | None":
        """Return the next packet with its time, and keep it; None at the end, or where the rest cannot be read."""
        with suppress(*DECODING_ERRORS, StopIteration):
            while self._next is None:
                packet = next(self._packets)
                if packet.dts is None:  # the last one is empty
                    continue
                packet.dts -= self._shift
                packet.pts = packet.dts if packet.pts is None else packet.pts - self._shift
                if packet.dts >= 0:
                    self._next = packet
        return self._next

    def close(self) -> None:
        """Close the file."""
        with suppress(*DECODING_ERRORS):
            self._container.close()


class EncodedSound(Sound):
    """The same encoded anew as AAC, for containers that do not take it as it is."""

    def add_to(self, container: OutputContainer) -> None:
        """Add the track that `until` gives packets for.

        Raises:
            av.FFmpegError, ValueError: Such sound does not go into the container.
        """
        context = self._stream.codec_context
        layout = "mono" if context.layout.nb_channels == 1 else "stereo"
        self._encoder = container.add_stream("aac", rate=context.sample_rate, layout=layout)
        self._resampler = av.AudioResampler("fltp", layout, context.sample_rate)

    def until(self, seconds: float) -> Iterator["Packet[AudioStream]"]:
        """Yield the next packets, encoded from what begins before a time.

        Args:
            seconds: The time; each call goes on where the last one ended.
        """
        for packet in self._before(seconds):
            with suppress(*DECODING_ERRORS):  # a damaged packet is silence
                for frame in packet.decode():
                    for resampled in self._resampler.resample(frame):
                        yield from (q for q in self._encoder.encode(resampled) if q.pts is not None and q.pts >= 0)


def open_sound(path: str | Path, output: str | Path, options: Mapping[str, str]) -> Sound | None:
    """Open the sound of a video, to be kept in another file.

    Args:
        path: The video file.
        output: The file that is to be written; its ending names the container.
        options: Options of that container.

    Returns:
        The sound, as it is if that goes into the container, otherwise encoded anew; None if there is none.
    """
    kind = None
    for way in (Sound, EncodedSound):
        try:
            sound = way(path)
        except DECODING_ERRORS:
            return None
        kind = sound.codec
        if _goes_into(sound, output, options):
            sound.close()
            return way(path)
        sound.close()
    log.warning("%s: has no sound, because %s does not go into such a file", output, kind)
    return None


def _goes_into(sound: Sound, output: str | Path, options: Mapping[str, str]) -> bool:
    """Return whether a container of the kind of `output` takes the beginning of some sound."""
    ending = Path(output).suffix.lower()
    if ending in (".mp4", ".m4v") and type(sound) is Sound and sound.codec.startswith("pcm_"):
        return False  # FFmpeg writes it, and hardly any player plays it
    name = {".mkv": "matroska", ".m4v": "mp4"}.get(ending, ending[1:])
    try:
        with av.open(BytesIO(), "w", format=name, options=dict(options)) as trial:
            sound.add_to(trial)
            for packet in sound.until(0.1):
                trial.mux(packet)
    except DECODING_ERRORS:
        return False
    return True
