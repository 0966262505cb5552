"""Small video files of every kind that readers meet, and the sequential decoding that they are held against."""

from fractions import Fraction

import av
import numpy as np

from tests.make_data import pictures

COUNT = 45
CLOSED = "bframes=2:b-adapt=0:keyint=12:scenecut=0"
OPEN = "bframes=3:b-adapt=0:keyint=12:min-keyint=12:scenecut=0:open-gop=1"
REFRESHED = "intra-refresh=1:keyint=12:bframes=0"
KINDS = {
    "mpeg4.avi": ("mpeg4", {}, "decord"),
    "mjpeg.avi": ("mjpeg", {}, "decord"),
    "h264_closed.mp4": ("libx264", {"x264-params": CLOSED}, "decord"),
    "h264_long.mkv": ("libx264", {"g": "250"}, "decord"),
    "vp9.webm": ("libvpx-vp9", {"cpu-used": "8", "g": "12"}, "decord"),
    "h264_open.mp4": ("libx264", {"x264-params": OPEN}, "pyav"),
    "h264_refreshed.mp4": ("libx264", {"x264-params": REFRESHED}, "pyav"),
    "h264_b.avi": ("libx264", {"x264-params": CLOSED}, "pyav"),
    "h264.ts": ("libx264", {"x264-params": CLOSED}, "pyav"),
    "bare.h264": ("libx264", {"x264-params": CLOSED}, "pyav"),
    "mpeg4_b.avi": ("mpeg4", {"bf": "2", "g": "12"}, "pyav"),
    "mpeg4_b.mp4": ("mpeg4", {"bf": "2", "g": "12"}, "pyav"),
    "mpeg2.mpg": ("mpeg2video", {"bf": "2", "g": "12"}, "pyav"),
    "hevc_open.mp4": ("libx265", {"x265-params": f"log-level=none:{OPEN}"}, "pyav"),
}
"""Name: encoder, its options, and the backend that reads the file exactly."""


def encode(path, frames, codec, options, times=None, container_options=None):
    """Write frames, at `times` in 1/25 s where given."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 2_000_000
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times is not None:
                picture.pts, picture.time_base = times[number], Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def encode_kinds(folder):
    """Write a file of each kind that this platform can encode."""
    for name, (codec, options, _) in KINDS.items():
        if codec in av.codecs_available:
            encode(folder / name, pictures(COUNT, 0), codec, options)


def copy_packets(source, target, first=0, shift=0):
    """Copy the packets from the `first` on, in the order of storing, `shift` frames of 1/25 s later."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(old.demux(video=0)):
            if packet.size and number >= first:
                ticks = int(shift / 25 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + ticks, packet.dts + ticks, stream
                new.mux(packet)


def write_sound(path):
    """Write a file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def sequential(path, step=1):
    """Every `step`-th frame up to the first error, in the order in which PyAV gives them, uint8 [N, H, W, 3]."""
    frames = []
    with av.open(str(path)) as container:
        try:
            for number, frame in enumerate(container.decode(video=0)):
                if number % step == 0:
                    frames.append(frame.to_ndarray(format="rgb24"))
        except av.FFmpegError:
            assert frames
    return np.stack(frames)


def difference(a, b):
    """The largest difference of any colour value."""
    return np.abs(a.astype(int) - b.astype(int)).max()
