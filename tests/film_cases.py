"""Small films of the kinds that copies are made of, and what a file holds, read past the code under test."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.make_data import pictures

FILM_RATE = Fraction(24000, 1001)
UPRIGHT = b"".join(value.to_bytes(4, "big") for value in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30))
MINUS = (1 << 32) - (1 << 16)
TURNED = {
    1: (0, MINUS, 0, 1 << 16, 0, 0, 0, 0, 1 << 30),
    2: (MINUS, 0, 0, 0, MINUS, 0, 0, 0, 1 << 30),
    3: (0, 1 << 16, 0, MINUS, 0, 0, 0, 0, 1 << 30),
}
"""Display matrices of MP4 by the quarters, against the clock, that a picture is turned to be shown."""


def film(
    path: Path,
    count: int = 20,
    size: tuple[int, int] = (64, 48),
    ticks: list[int] | None = None,
    tick: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    seed: int = 0,
) -> Path:
    """Write a film of numbered pictures, shown at `ticks`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1 / tick, options={"g": "250"} if options is None else options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.time_base = tick
        for number, frame in enumerate(pictures_of(count, size, seed)):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = number if ticks is None else ticks[number], tick
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def pictures_of(count: int, size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Numbered pictures of any size, larger ones with larger blocks: uint8 [count, height, width, 3]."""
    block = max(1, max(size) // 64)
    shown = pictures(count, seed, 64, 64).repeat(block, axis=1).repeat(block, axis=2)
    shown = np.pad(
        shown, [(0, 0), (0, max(0, size[1] - shown.shape[1])), (0, max(0, size[0] - shown.shape[2])), (0, 0)]
    )
    return np.ascontiguousarray(shown[:, : size[1], : size[0]])


def turn(path: Path, quarters: int) -> Path:
    """Have an MP4 film shown turned, by its display matrix."""
    content = path.read_bytes()
    place = content.index(UPRIGHT, content.index(b"tkhd"))
    matrix = b"".join(value.to_bytes(4, "big") for value in TURNED[quarters])
    path.write_bytes(content[:place] + matrix + content[place + len(matrix) :])
    return path


def sound_first(path: Path, source: Path, delay: int, tick: Fraction = Fraction(1, 25)) -> Path:
    """Write the film `source` with sound that begins `delay` ticks before the pictures."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        audio = new.add_stream("aac", rate=44100)
        video = new.add_stream_from_template(old.streams.video[0])
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        new.mux([*audio.encode(silence), *audio.encode()])
        for packet in old.demux(video=0):
            if packet.size:
                later = int(delay * tick / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, video
                new.mux(packet)
    return path


def shown_at(path: Path) -> list[Fraction]:
    """Seconds, to the last digit, at which the frames of a file are shown."""
    with av.open(str(path)) as container:
        return sorted(p.pts * p.time_base for p in container.demux(video=0) if p.size)


def key_frames(path: Path) -> list[int]:
    """Numbers of the packets that are key frames."""
    with av.open(str(path)) as container:
        return [n for n, p in enumerate(p for p in container.demux(video=0) if p.size) if p.is_keyframe]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Decibels between two pictures."""
    error = float(((a.astype(float) - b) ** 2).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))
