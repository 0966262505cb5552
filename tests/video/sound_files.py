"""Small videos with sound, for tests."""

from fractions import Fraction

import av
import numpy as np

RATE = 44100


def film_with_sound(path, codec="aac", video="libx264", frames=25, delay=0, layout="mono"):
    """Write grey frames, 25 a second, 64 x 48, and a tone of the same length that begins `delay` frames earlier."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(video, rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        pictures.codec_context.max_b_frames = 0
        sound = container.add_stream(codec, rate=RATE, layout=layout)
        for place in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 5 * place, np.uint8), format="rgb24")
            picture.pts, picture.time_base = place + delay, Fraction(1, 25)
            container.mux(pictures.encode(picture))
            moments = np.arange(RATE // 25) + place * (RATE // 25)
            wave = (8000 * np.sin(moments * 2 * np.pi * 440 / RATE)).astype(np.int16)
            channels = 2 if layout == "stereo" else 1
            tone = av.AudioFrame.from_ndarray(np.repeat(wave, channels)[None], format="s16", layout=layout)
            tone.sample_rate, tone.pts, tone.time_base = RATE, int(moments[0]), Fraction(1, RATE)
            container.mux(sound.encode(tone))
        container.mux(pictures.encode())
        container.mux(sound.encode())
    return path


def tracks(path):
    """Codec, packets as bytes, and their times in seconds, by kind of track."""
    found = {}
    with av.open(str(path)) as container:
        for stream in container.streams:
            container.seek(0)
            packets = [packet for packet in container.demux(stream) if packet.dts is not None]
            times = np.array([float(packet.pts * stream.time_base) for packet in packets])
            found[stream.type] = (stream.codec_context.name, [bytes(packet) for packet in packets], times)
    return found
