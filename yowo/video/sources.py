"""Opens whatever `source=` names as a source of frames."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from yowo.errors import ConfigError
from yowo.video.frame_source import FrameSource, open_file
from yowo.video.live_receiver import LivePolicy
from yowo.video.live_source import LiveSource
from yowo.video.source_names import SourceKind, read_sources


def open_source(
    source: str,
    decoder: str = "decord",
    latency: str = "low",
    transport: str = "tcp",
    timeout: float = 10.0,
    reconnect: int | None = 10,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> FrameSource:
    """Open one video, folder of pictures, camera or stream.

    Args:
        source: See `yowo.video.source_names.read_sources`.
        decoder: What reads files that both can read: "decord" or "pyav".
        latency: Of a live source: "low" leaves out frames that are late, "none" leaves out nothing.
        transport: What carries RTSP: "tcp" or "udp".
        timeout: Seconds without a frame after which a live source counts as broken.
        reconnect: Attempts in a row to connect again to a live source; None for no limit.
        options: Options of FFmpeg for a live source, such as {"video_size": "1280x720"}.

    Returns:
        The open source; close it, or use it as a context manager.

    Raises:
        ConfigError: A value is not possible, or `source` names no video, or several.
        VideoError: It cannot be opened.
    """
    named = read_sources(source)
    if named.several:
        raise ConfigError(f"source={source}: names {len(named.each)} videos; one can be opened at a time")
    found = named.each[0]
    if found.kind is SourceKind.LIVE:
        return LiveSource(found.address, LivePolicy(latency, transport, timeout, reconnect), options)
    return open_file(found.address, decoder)
