"""Probing in a separate process, which can be ended when a decoder hangs in it."""

import json
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, Any, cast

from yowo.errors import YowoError

START_LIMIT = 60.0
"""Seconds in which a new process must be ready: importing the decoders from a slow disk takes a while."""
PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from yowo.video.probe_answers import main; main()"


class ProbeProcess:
    """A process that answers questions about files (`yowo.video.probe_answers`).

    It starts at the first question, and again after it had to be ended. It is a new program, not a fork, because
    decoders must not start in a copy of a process that has threads, and so that a caller needs no main guard.
    """

    def __init__(self, time_limit: float) -> None:
        """Store the seconds after which a file is given up; nothing is started yet."""
        self._time_limit = time_limit
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ask(self, path: str, decoder: str = "decord") -> dict[str, Any] | str:
        """Probe a file.

        Args:
            path: The file.
            decoder: See `yowo.video.probe.probe_video`.

        Returns:
            Fields of `VideoInfo`, or the reason why the file cannot be read.

        Raises:
            YowoError: No process can be started.
        """
        process = self._running()
        try:
            questions = cast(IO[str], process.stdin)
            questions.write(json.dumps([path, decoder]) + "\n")
            questions.flush()
            line = self._lines.get(timeout=self._time_limit)
        except queue.Empty:
            self.close()
            return f"{path}: a decoder hangs on it (no answer within {self._time_limit:g} seconds)"
        except OSError:
            line = ""
        if not line:
            self.close()
            return f"{path}: a decoder crashes on it"
        return cast("dict[str, Any] | str", json.loads(line))

    def _running(self) -> "subprocess.Popen[str]":
        """Return the process, ready for a question."""
        if self._process is not None:
            return self._process
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self._process, self._lines = process, queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(cast(IO[str], process.stdout), self._lines), daemon=True).start()
        try:
            ready = self._lines.get(timeout=START_LIMIT)
        except queue.Empty:
            ready = ""
        if not ready:
            self.close()
            raise YowoError(f"the process that probes videos does not start with {sys.executable}; check this Python")
        return process

    def close(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            with suppress(OSError):  # closing fails if a question is left that nobody reads
                cast(IO[str], process.stdin).close()


def _pass_on(pipe: IO[str], lines: "queue.SimpleQueue[str]") -> None:
    """Put each line of a pipe into a queue, and an empty string at its end."""
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put("")
