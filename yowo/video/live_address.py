"""How FFmpeg opens what comes live: cameras of each system, network streams, standard input."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import av

from yowo.errors import ConfigError
from yowo.video.source_names import CAMERA, STANDARD_INPUT

STDIN = 0
"""File descriptor of standard input."""


class Opening(NamedTuple):
    """What FFmpeg is given.

    Attributes:
        file: What it calls the source.
        format: Its name of the device's or container's format; None lets it look.
        options: Its options.
        interruptible: Whether it gives up by itself when nothing comes; devices and pipes make it wait for ever.
    """

    file: str
    format: str | None
    options: dict[str, str]
    interruptible: bool


def opening(
    address: str, transport: str, patience: float, options: Mapping[str, Any], platform: str = sys.platform
) -> Opening:
    """Return how an address is opened.

    Args:
        address: "-", "camera:...", or an address of `yowo.video.source_names.SCHEMES`.
        transport: What carries RTSP: "tcp" or "udp".
        patience: Seconds without data after which FFmpeg gives up, where it can.
        options: Further options of FFmpeg's format.
        platform: Name of the system, as `sys.platform`.

    Raises:
        ConfigError: Standard input is a terminal, or the system has no camera of that number.
    """
    given = {name: str(value) for name, value in options.items()}
    if address == STANDARD_INPUT:
        _check_stdin()
        return Opening("pipe:0", None, given, interruptible=False)
    if address.startswith(CAMERA):
        file, name, usual = _camera(address[len(CAMERA) :], platform)
        return Opening(file, name, {**usual, **given}, interruptible=False)
    scheme = address.partition("://")[0].lower()
    if scheme.startswith("rtsp"):  # FFmpeg waits twice as long as it is told
        usual = {"rtsp_transport": transport, "timeout": str(int(patience / 2 * 1_000_000))}
    else:
        usual = {"reconnect": "1"}  # goes on in a file where the server can
    return Opening(f"{scheme}{address[len(scheme) :]}", None, {**usual, **given}, interruptible=True)


def is_redirected_file(address: str) -> bool:
    """Return whether standard input is a file (`< film.ts`), of which every frame can be waited for."""
    return address == STANDARD_INPUT and stat.S_ISREG(os.fstat(STDIN).st_mode)


def can_be_opened_again(address: str) -> bool:
    """Return whether a stream that broke off can be opened anew."""
    return address != STANDARD_INPUT


def advice(address: str) -> str:
    """Return what to do about an address that cannot be opened."""
    if address == STANDARD_INPUT:
        return "send MPEG-TS or MJPEG"
    if not address.startswith(CAMERA):
        return "check the address"
    cameras = ", ".join(map(str, sorted(Path("/dev").glob("video*")))) if sys.platform == "linux" else ""
    return f"check the camera; this machine has {cameras or 'none'}" if sys.platform == "linux" else "check the camera"


def _check_stdin() -> None:
    try:
        terminal = os.isatty(STDIN)
        os.fstat(STDIN)
    except OSError as error:
        raise ConfigError(f"source=-: standard input is closed ({error.strerror})") from error
    if terminal:
        raise ConfigError(
            "source=-: nothing is sent to standard input; use a pipe, as in PROGRAM | yowo detect source=-"
        )


def _camera(name: str, platform: str) -> tuple[str, str, dict[str, str]]:
    """Return FFmpeg's name of a camera, of its format, and the options that the format needs."""
    if platform == "darwin":
        return name, "avfoundation", {"framerate": "30"}  # without one FFmpeg asks for 29.97, which cameras refuse
    if platform == "win32":
        return f"video={_windows_name(int(name)) if name.isdecimal() else name}", "dshow", {}
    return f"/dev/video{name}" if name.isdecimal() else name, "v4l2", {}


def _windows_name(number: int) -> str:
    """Return the name of a camera of Windows, which FFmpeg finds by name only."""
    if not hasattr(av, "enumerate_input_devices"):
        raise ConfigError(f"source=camera:{number}: give the name of the camera, as camera:NAME (this PyAV lists none)")
    found = [one for one in av.enumerate_input_devices("dshow") if "video" in one.media_types]
    if number >= len(found):
        raise ConfigError(f"source=camera:{number}: there are {len(found)} cameras here, from camera:0 on")
    return str(found[number].name)
