"""The folder that an import writes: never one of its inputs, checked before the work, complete or absent."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from yowo.errors import DatasetError
from yowo.projects.project import TABLE
from yowo.video.video_folder import VideoFolder

PROBE = 1 << 16
"""Bytes that are written to find out whether a folder can be written to."""


def check_output(output: Path, sources: Iterable[Path] = (), videos: VideoFolder | None = None) -> None:
    """Check that a project can be written to a folder, and that none of the inputs is there.

    Args:
        output: Folder to write; it must not exist, or be empty.
        sources: Files and folders that are read; the output may not be in one of them, since a folder is read whole.
        videos: The annotated videos; the output may be beside them, but not in a folder of pictures.

    Raises:
        DatasetError: It cannot; the message says why.
    """
    target = output.resolve()
    for source in sources:
        _keep_out(output, source, "the annotations")
    if videos is not None:
        if target == videos.folder.resolve():
            raise DatasetError(f"{output}: is the folder of the videos; give another --output")
        for path in videos.paths.values():
            _keep_out(output, path, "a video")
    if target.is_dir() and (target / TABLE).exists():
        raise DatasetError(f"{output}: already exists and is a project; give another --output")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise DatasetError(f"{output}: already exists and is not empty; give another --output")
    parent = next(folder for folder in target.parents if folder.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=parent) as folder:
            (Path(folder) / "probe").write_bytes(bytes(PROBE))
    except OSError as error:
        raise DatasetError(
            f"{output}: cannot be written ({error.strerror or error}); choose another --output"
        ) from error


def check_space(output: Path, files: Iterable[Path]) -> None:
    """Check that copies of files, or of folders of files, fit on the disk of a folder.

    Raises:
        DatasetError: They do not.
    """
    parent = next(folder for folder in output.resolve().parents if folder.exists())
    needed = sum(part.stat().st_size for path in files for part in _files(path))
    free = shutil.disk_usage(parent).free
    if needed > free:
        raise DatasetError(
            f"{output}: cannot be written: the videos need {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; leave "
            "out --copy, or choose another --output"
        )


@contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """Yield a new folder beside `output`; rename it to `output` if the block succeeds, delete it if the block raises.

    An interruption leaves what was at `output` before, which is nothing or an empty folder.

    Raises:
        DatasetError: The folder cannot be written.
    """
    target = output.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-unfinished-", dir=target.parent) as workshop:
            unfinished = Path(workshop) / target.name
            unfinished.mkdir()
            yield unfinished
            if target.is_dir():
                target.rmdir()
            unfinished.rename(target)
    except OSError as error:
        raise DatasetError(f"{output}: cannot be written ({error}); choose another --output") from error


def _keep_out(output: Path, source: Path, what: str) -> None:
    target, own = output.resolve(), source.resolve()
    if target == own or own in target.parents:
        place = "is" if target == own else "lies in"
        raise DatasetError(f"{output}: {place} {source}, which holds {what}; give another --output")


def _files(path: Path) -> Iterator[Path]:
    return (part for part in path.rglob("*") if part.is_file()) if path.is_dir() else iter([path])
