"""A window with the painted frames as they come; closing it does not end the detection."""

import subprocess
import sys
import threading
from contextlib import suppress

from yowo.errors import YowoError
from yowo.inference.frame_painter import FramePainter
from yowo.inference.labels import Picture
from yowo.inference.outputs import window
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.tracks import TrackedFrame

PATIENCE = 5.0
"""Seconds after which a window that does not close is ended."""


class WindowOutput:
    """Shows the newest frame in a window; a slow screen drops frames and holds up nothing."""

    def __init__(self, facts: StreamFacts, painter: FramePainter) -> None:
        """Open the window.

        Args:
            facts: Of the source.
            painter: Paints its frames; other outputs may share it.

        Raises:
            YowoError: There is no screen, or Python has no Tk.
        """
        self._painter = painter
        self._process = subprocess.Popen(
            [sys.executable, "-I", window.__file__, f"{facts.name} - yowo"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._process.stdout is None or self._process.stdout.readline() != window.READY:
            _, errors = self._process.communicate()
            last = (errors.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise YowoError(
                f"show=true: no window can be opened here ({last}); leave it out, or watch with serve=127.0.0.1:8000"
            )
        self._picture: Picture | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._send, name="window", daemon=True)
        self._thread.start()

    def write(self, frame: TrackedFrame) -> None:
        """Show a frame."""
        picture = self._painter.paint(frame)
        with self._changed:
            self._picture = picture
            self._changed.notify()

    def _send(self) -> None:
        """Pass pictures on, the newest one whenever the window has taken the one before, until the end."""
        stream = self._process.stdin
        with suppress(OSError, ValueError):  # the window was closed
            while stream is not None:
                with self._changed:
                    self._changed.wait_for(lambda: self._picture is not None or self._ended)
                    picture, self._picture = self._picture, None
                if picture is None:
                    return
                ppm = b"P6 %d %d 255\n" % (picture.shape[1], picture.shape[0]) + picture.tobytes()
                stream.write(window.HEADER.pack(len(ppm)) + ppm)
                stream.flush()

    def finish(self) -> None:
        """Do nothing: the window closes with `close`."""

    def close(self) -> None:
        """Close the window."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(PATIENCE)
        with suppress(OSError, subprocess.TimeoutExpired):
            if self._process.stdin is not None and not self._thread.is_alive():
                self._process.stdin.close()
            self._process.wait(PATIENCE)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def kept(self) -> None:
        """Return None: nothing is kept."""
