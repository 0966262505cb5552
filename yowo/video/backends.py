"""Which decoder a file can be trusted to."""

from pathlib import Path

import av

from yowo.errors import VideoError
from yowo.video.decord_reader import DecordReader


def choose_backend(path: str | Path) -> str:
    """Return the backend that reads a file exactly and cannot hang on it.

    decord takes the container's word for the number of frames and loops for ever, holding the interpreter, when there
    are fewer; without timestamps it cannot seek. So its file must promise no more frames than it has packets, each
    with a timestamp of its own. Packets are counted, not decoded.

    Raises:
        VideoError: The file is no video.
    """
    if Path(path).is_dir():
        return "frames"
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError(f"{path}: holds no video stream")
            stream = container.streams.video[0]
            promised = stream.frames
            times = [packet.pts for packet in container.demux(stream) if packet.size]
    except (av.FFmpegError, OSError) as error:
        raise VideoError(f"{path}: not a readable video ({error.strerror or type(error).__name__})") from error
    if promised < 1 or promised > len(times) or None in times or len(set(times)) < len(times):
        return "pyav"
    try:
        with DecordReader(path) as reader:
            return "decord" if len(reader) <= len(times) else "pyav"
    except VideoError:
        return "pyav"
