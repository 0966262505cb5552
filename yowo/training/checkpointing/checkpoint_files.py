"""Files of checkpoints: written beside their target, on the disk before they get its name, and kept in a row."""

import logging
import os
import re
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.fabric.utilities.cloud_io import _is_local_file_protocol

from yowo.errors import YowoError
from yowo.process_life import is_alive
from yowo.whole_file import OF_THE_DISK, synced

log = logging.getLogger(__name__)
LAST = "last.ckpt"
"""Name of the newest training checkpoint in the folder of a run; those before it are last.1.ckpt, last.2.ckpt, ..."""
KEEP = "keep"
"""Option of `WholeCheckpointIO.save_checkpoint`: number of checkpoints of this name that stay, the new one included."""
ENDING = ".unfinished"
UNFINISHED = re.compile(r"\.(?P<name>.+\.ckpt)\.(?P<host>[^.]+)-(?P<process>\d+)" + re.escape(ENDING))
"""Name of a file that is being written: that of its target, the machine and the number of the process."""
ABANDONED = 3600.0
"""Seconds without a write after which a file of another machine counts as left over: a writer writes all the time."""


class WholeCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints beside their target and renames them when they are on the disk, whatever the file system.

    A disk that is full or read-only is reported in one line and does not end a training: the checkpoint before stays,
    and the next one is tried as usual.

    Attributes:
        failure: Why the last checkpoint could not be written; None if it was.
    """

    def __init__(self) -> None:
        """Start without a failure."""
        super().__init__()
        self.failure: str | None = None

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Args:
            checkpoint: What to write.
            path: The target; files on other machines (s3://...) are left to Lightning.
            storage_options: None, or a dict with `KEEP`.
        """
        if not _is_local_file_protocol(str(path)):
            super().save_checkpoint(checkpoint, path)
            return
        try:
            write_checkpoint(checkpoint, Path(path), (storage_options or {}).get(KEEP, 1))
            self.failure = None
        except OSError as error:
            if error.errno not in OF_THE_DISK:
                raise
            self.failure = f"{path}: cannot be written ({error.strerror}); free some space"
            before = "the one before stays" if Path(path).is_file() else "there is none yet"
            log.warning("%s (%s; training goes on and tries again at the next one)", self.failure, before)


def write_checkpoint(checkpoint: dict[str, Any], target: Path, keep: int = 1) -> None:
    """Write a checkpoint so that at every moment a whole one is there, also if the process is killed.

    Args:
        checkpoint: What to write.
        target: The file; an earlier one is replaced.
        keep: How many stay, the new one included: the earlier ones become NAME.1.ckpt, NAME.2.ckpt, ...

    Raises:
        OSError: The disk takes no more; the earlier checkpoints are as before.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{_host()}-{os.getpid()}{ENDING}")
    try:
        with unfinished.open("wb") as file:
            _save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        if keep > 1:
            _move_on(target, keep)
        unfinished.replace(target)
        synced(target.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    for surplus in earlier(target)[max(0, keep - 1) :] if keep > 1 else []:
        with suppress(OSError):
            surplus.unlink()


class _Noted:
    """A file whose first error is kept: PyTorch's writer makes a RuntimeError of it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes; keep the error if the disk takes no more."""
        try:
            return int(self._file.write(data))
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()


def _save(checkpoint: dict[str, Any], file: Any) -> None:
    noted = _Noted(file)
    try:
        torch.save(checkpoint, cast(IO[bytes], noted))
    except Exception:
        if noted.error is not None:
            raise noted.error from None
        raise


def _move_on(target: Path, keep: int) -> None:
    """Give every earlier checkpoint the next number; `target` keeps its name until the new one takes it."""
    row = [target, *(_numbered(target, number) for number in range(1, keep))]
    for old, new in zip(row[-2::-1], row[:0:-1], strict=True):
        if not old.is_file():
            continue
        if old != target:
            old.replace(new)
            continue
        link = target.with_name(f".{new.name}.{_host()}-{os.getpid()}{ENDING}")
        try:
            link.unlink(missing_ok=True)
            os.link(old, link)
            link.replace(new)
        except OSError:  # a file system without hard links: for a moment the newest one has the number 1
            link.unlink(missing_ok=True)
            old.replace(new)


def earlier(target: Path) -> list[Path]:
    """Return the checkpoints before `target` that are there, the newest first."""
    found = {}
    for path in target.parent.glob("*"):
        match = re.fullmatch(rf"{re.escape(target.stem)}\.(\d+){re.escape(target.suffix)}", path.name)
        if match:
            found[int(match[1])] = path
    return [path for _, path in sorted(found.items())]


def _numbered(target: Path, number: int) -> Path:
    return target.with_name(f"{target.stem}.{number}{target.suffix}")


def remove_unfinished(folder: Path) -> list[Path]:
    """Remove what killed processes left of checkpoints in a folder; files that are being written stay.

    Args:
        folder: The folder; it may not exist.

    Returns:
        The files that were removed.
    """
    removed = []
    for path in folder.glob(f".*{ENDING}"):
        match = UNFINISHED.fullmatch(path.name)
        if match is None or _is_written(path, match["host"], int(match["process"])):
            continue
        with suppress(OSError):
            path.unlink()
            removed.append(path)
    return removed


def _is_written(path: Path, host: str, process: int) -> bool:
    if host == _host():
        return process != os.getpid() and is_alive(process)
    try:
        return time.time() - path.stat().st_mtime < ABANDONED
    except OSError:
        return False


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", socket.gethostname()) or "_"


def usable_checkpoint(path: Path) -> Path:
    """Return the newest whole training checkpoint: a damaged one is passed over for the one before, with a warning.

    Args:
        path: A checkpoint, or the folder of a run.

    Returns:
        A file that was read to its end without an error.

    Raises:
        YowoError: There is none.
    """
    target = path / LAST if path.is_dir() else path
    if not path.is_dir() and not path.is_file():
        raise YowoError(f"{path}: there is no such file; check the path")
    damaged: list[tuple[Path, str]] = []
    for candidate in _row(target):
        reason = damage(candidate)
        if reason is None:
            for worse, why in damaged:
                log.warning("%s is damaged (%s); %s is used", worse, why, candidate)
            return candidate
        damaged.append((candidate, reason))
    if not damaged:
        raise YowoError(f"{path}: holds no checkpoint ({LAST}); give the folder of a run of yowo train, or a file")
    worse, why = damaged[0]
    others = "" if len(damaged) == 1 else f", and so are {', '.join(p.name for p, _ in damaged[1:])}"
    raise YowoError(f"{worse}: is damaged ({why}){others}; give another checkpoint")


def _row(target: Path) -> Iterator[Path]:
    if target.is_file():
        yield target
    yield from earlier(target)


def damage(path: Path) -> str | None:
    """Return what is wrong with the file of a checkpoint, in words; None if nothing is.

    The whole file is read once and its check sums are compared; nothing in it is executed.

    Args:
        path: The file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken is not None:
                return f"its part {broken} has a wrong check sum"
            if not any(name.rpartition("/")[2] == "data.pkl" for name in archive.namelist()):
                return "it is no file of torch.save"
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        return f"it is cut off or overwritten: {error}"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None
