"""What `yowo data prepare` has to do: which videos to copy, which copies are there already, what to link."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from yowo.errors import ConfigError, DatasetError
from yowo.storage.film_copy import UNFINISHED
from yowo.storage.manifest import PreparedVideo, read_manifest, read_recipe, write_manifest
from yowo.storage.transcoder import Recipe
from yowo.video.prepared_size import MANIFEST
from yowo.video.video_folder import VIDEO_SUFFIXES


class Job(NamedTuple):
    """A video to copy.

    Attributes:
        name: The copy's path below the output folder, with slashes.
        source: The original.
        target: The copy.
        source_name: The original's path below its folder, with slashes.
        bytes: The original's size in bytes, before it is read.
        mtime_ns: When it was last changed.
    """

    name: str
    source: Path
    target: Path
    source_name: str
    bytes: int
    mtime_ns: int


class Plan(NamedTuple):
    """All that is to be done.

    Attributes:
        jobs: Videos to copy, the largest first, so that no processor waits long for the last one.
        kept: Copies of earlier runs that still hold, by name.
        links: Path in the output folder and what it is to lead to, for all that is no video.
    """

    jobs: list[Job]
    kept: dict[str, PreparedVideo]
    links: list[tuple[Path, Path]]


def make_plan(folder: Path, output: Path, recipe: Recipe) -> Plan:
    """Compare a folder with its prepared copy. Nothing is written.

    Args:
        folder: The originals.
        output: The copies; need not be there.
        recipe: How copies are to be made.

    Raises:
        ConfigError: The folders lie in each other, `output` holds other things, or it was prepared in another way.
        DatasetError: There is no video, or two of one name.
    """
    _check_folders(folder, output)
    recorded: dict[str, PreparedVideo] = {}
    if (output / MANIFEST).exists():
        earlier = read_recipe(output)
        if earlier != recipe:
            asked, done = (" ".join(f"{key}={value}" for key, value in r._asdict().items()) for r in (recipe, earlier))
            raise ConfigError(f"{output}: was prepared with {done}, not {asked}; give that again, or another --output")
        recorded = dict(read_manifest(output))
    jobs: dict[str, Job] = {}
    links = []
    for path, is_video in _walk(folder, ()):
        relative = path.relative_to(folder)
        if not is_video:
            links.append((output / relative, path))
            continue
        name = relative.with_suffix(".mp4").as_posix()
        if name in jobs:
            raise DatasetError(f"{path}: has the same name as {jobs[name].source}; keep one of them")
        facts = path.stat()
        jobs[name] = Job(name, path, output / name, relative.as_posix(), facts.st_size, facts.st_mtime_ns)
    kept = {name: video for name, video in recorded.items() if _holds(output / name, video, jobs.get(name))}
    missing = sorted((job for name, job in jobs.items() if name not in kept), key=lambda job: -job.bytes)
    if not jobs and not kept:
        raise DatasetError(f"{folder}: holds no video ({', '.join(VIDEO_SUFFIXES)}), at any depth")
    return Plan(missing, kept, links)


def _check_folders(folder: Path, output: Path) -> None:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: expected a folder with videos; it is not there")
    if (folder / MANIFEST).exists():
        raise ConfigError(f"{folder}: is prepared storage itself; prepare the originals")
    one, other = folder.resolve(), output.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise ConfigError(f"--output {output}: expected a folder beside {folder}, not within it nor around it")
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output {output}: expected a folder, got a file")
    if (
        output.is_dir()
        and any(not path.name.startswith(".") for path in output.iterdir())
        and not (output / MANIFEST).exists()
    ):
        raise ConfigError(f"--output {output}: holds other things; give a folder that is new, empty or prepared before")


def _holds(copy: Path, video: PreparedVideo, job: Job | None) -> bool:
    """Whether a recorded copy is still there, and its original unchanged; an original may have been removed."""
    try:
        whole = copy.stat().st_size == video.bytes
    except OSError:
        return False
    same = (video.source, video.source_bytes, video.source_mtime_ns)
    return whole and (job is None or same == (job.source_name, job.bytes, job.mtime_ns))


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Yield videos, and whatever else there is: folders without any video as a whole. Names with a dot are left out.

    Links to folders are followed, but not in circles.
    """
    above = (*above, folder.resolve())
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.exists():
            continue
        if path.is_dir():
            if path.resolve() in above:
                continue
            inside = list(_walk(path, above))
            if any(is_video for _, is_video in inside):
                yield from inside
            else:
                yield path, False
        else:
            yield path, path.suffix.lower() in VIDEO_SUFFIXES


def lay_out(plan: Plan, output: Path, recipe: Recipe) -> None:
    """Make the output's manifest, folders and links, and remove what killed runs left and copies that hold no more.

    Raises:
        DatasetError: The folder cannot be written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_manifest(output, recipe, plan.kept)
        for parent in {job.target.parent for job in plan.jobs}:
            _make_folder(parent, output)
        for job in plan.jobs:
            job.target.unlink(missing_ok=True)
        for link, target in plan.links:
            _make_folder(link.parent, output)
            _link(link, target)
        for where, _, files in os.walk(output):
            for file in files:
                if file.startswith(".") and file.endswith(UNFINISHED):
                    (Path(where) / file).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"{error.filename or output}: cannot be written ({error.strerror or error}); choose another --output"
        ) from error


def _make_folder(folder: Path, output: Path) -> None:
    """Make a folder of the output, in place of a link to originals that an earlier run made where no video was."""
    below = [part for part in (folder, *folder.parents) if output in part.parents]
    for part in reversed(below):
        if part.is_symlink():
            part.unlink()
        part.mkdir(exist_ok=True)


def _link(link: Path, target: Path) -> None:
    """Lead from the output to something of the originals; copy it where links cannot be made. What is there stays."""
    if link.is_symlink() and not link.exists():
        link.unlink()
    if link.is_dir() and not link.is_symlink() and target.is_dir():
        for inner in target.iterdir():
            if not inner.name.startswith("."):
                _link(link / inner.name, inner)
        return
    if link.exists():
        return
    way = os.path.relpath(target.parent.resolve() / target.name, link.parent.resolve())
    with suppress(OSError, NotImplementedError):
        link.symlink_to(way, target_is_directory=target.is_dir())
        return
    if target.is_dir():
        shutil.copytree(target, link)
    else:
        shutil.copy2(target, link)
