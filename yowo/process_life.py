"""Whether a process that a file names is still there: its number may be another one's by now."""

import os
from contextlib import suppress
from pathlib import Path


def is_alive(process: int, began: str | None = None) -> bool:
    """Return whether a process of this machine runs; True where the system does not tell.

    Args:
        process: Its number.
        began: What `began` returned for it; None or empty if that is not known.
    """
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        pass
    return not _is_zombie(process) and (not began or began == process_began(process))


def process_began(process: int) -> str:
    """Return when a process began, in ticks since the machine did; empty where the system does not tell."""
    with suppress(OSError, IndexError):
        ticks = _facts(process)[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {ticks}"
    return ""


def _is_zombie(process: int) -> bool:
    """Return whether a process has ended and its parent has not asked for its exit code yet."""
    with suppress(OSError, IndexError):
        return _facts(process)[0] == "Z"
    return False


def _facts(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
