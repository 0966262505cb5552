"""Processes that probe videos and that one test leaves to the next."""

import sys
from pathlib import Path
from typing import ClassVar

from yowo.video import probe_process
from yowo.video.probe_process import ProbeProcess


class KeptProbeProcess(ProbeProcess):
    """A process that stays when it is closed, unless it owes an answer; the next one of the same place takes it over."""

    spare: ClassVar[dict] = {}

    def __init__(self, time_limit):
        super().__init__(time_limit)
        self._owes = False
        self._place = (Path.cwd(), probe_process.PROGRAM, sys.executable, tuple(sys.path))

    def ask(self, path, decoder="decord"):
        self._owes = True
        answer = super().ask(path, decoder)
        self._owes = False
        return answer

    def _running(self):
        waiting = self.spare.get(self._place)
        if self._process is None and waiting:
            self._process, self._lines = waiting.pop()
        return super()._running()

    def close(self):
        if self._process is not None and not self._owes:
            self.spare.setdefault(self._place, []).append((self._process, self._lines))
            self._process = None
        super().close()

    @classmethod
    def end_all(cls):
        for process, _ in (kept for waiting in cls.spare.values() for kept in waiting):
            process.kill()
            process.wait()
