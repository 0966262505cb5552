"""The work of one `yowo data prepare` run: which videos to copy, which copies to keep, which other files to link."""

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
from yowo.video.video_files import is_video_file, video_stem


class Job(NamedTuple):
    """A video to copy.

    Attributes:
        name: Path of the copy relative to the output folder, with forward slashes.
        source: Path of the original.
        target: Path of the copy.
        source_name: Path of the original relative to the folder of originals, with forward slashes.
        bytes: Size of the original in bytes, taken before it is read.
        mtime_ns: Modification time of the original in nanoseconds, taken before it is read.
    """

    name: str
    source: Path
    target: Path
    source_name: str
    bytes: int
    mtime_ns: int


class Plan(NamedTuple):
    """The work of one run.

    Attributes:
        jobs: Videos to copy, the largest first, so that the workers finish at about the same time.
        kept: Valid copies of earlier runs, by name.
        links: Pairs of link path in the output folder and link target, for everything that is not a video.
    """

    jobs: list[Job]
    kept: dict[str, PreparedVideo]
    links: list[tuple[Path, Path]]


def make_plan(folder: Path, output: Path, recipe: Recipe) -> Plan:
    """Compare a folder of originals with its prepared copy, without writing anything.

    Args:
        folder: Folder of the originals.
        output: Folder of the copies; it may not exist yet.
        recipe: Size and encoding of the copies.

    Raises:
        ConfigError: One folder contains the other, or `output` contains other files or copies of another recipe.
        DatasetError: The folder contains no video, or two videos that would get the same name.
    """
    _check_folders(folder, output)
    recorded: dict[str, PreparedVideo] = {}
    if (output / MANIFEST).exists():
        earlier = read_recipe(output)
        if earlier != recipe:
            asked, done = (" ".join(f"{key}={value}" for key, value in r._asdict().items()) for r in (recipe, earlier))
            raise ConfigError(
                f"{output}: was prepared with {done}, not with {asked}; use the same values, or another --output"
            )
        recorded = dict(read_manifest(output))
    jobs: dict[str, Job] = {}
    links = []
    for path, is_video in _walk(folder, ()):
        relative = path.relative_to(folder)
        if not is_video:
            links.append((output / relative, path))
            continue
        name = f"{video_stem(relative.as_posix())}.mp4"
        if name in jobs:
            raise DatasetError(f"{path}: would get the same name as {jobs[name].source}; rename or remove one of them")
        facts = path.stat()
        jobs[name] = Job(name, path, output / name, relative.as_posix(), facts.st_size, facts.st_mtime_ns)
    kept = {name: video for name, video in recorded.items() if _is_valid(output / name, video, jobs.get(name))}
    missing = sorted((job for name, job in jobs.items() if name not in kept), key=lambda job: -job.bytes)
    if not jobs and not kept:
        raise DatasetError(
            f"{folder}: expected video files, of any kind that FFmpeg reads, here or in subfolders, found none"
        )
    return Plan(missing, kept, links)


def _check_folders(folder: Path, output: Path) -> None:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: expected a folder with videos; it does not exist")
    if (folder / MANIFEST).exists():
        raise ConfigError(f"{folder}: already contains prepared copies; give the folder of the originals")
    one, other = folder.resolve(), output.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise ConfigError(f"--output {output}: expected a folder that neither contains {folder} nor lies in it")
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output {output}: expected a folder, got a file")
    if (
        output.is_dir()
        and any(not path.name.startswith(".") for path in output.iterdir())
        and not (output / MANIFEST).exists()
    ):
        raise ConfigError(
            f"--output {output}: contains other files; give a folder that is new, empty or from an earlier run"
        )


def _is_valid(copy: Path, video: PreparedVideo, job: Job | None) -> bool:
    """Whether a recorded copy still exists and its original is unchanged or was removed."""
    try:
        whole = copy.stat().st_size == video.bytes
    except OSError:
        return False
    same = (video.source, video.source_bytes, video.source_mtime_ns)
    return whole and (job is None or same == (job.source_name, job.bytes, job.mtime_ns))


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Yield each video and each other file with whether it is a video; a folder without videos is yielded as one item.

    Names that start with a dot are skipped. Links to folders are followed unless they lead back to a parent folder.
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
            yield path, is_video_file(path)


def lay_out(plan: Plan, output: Path, recipe: Recipe) -> None:
    """Write the manifest, folders and links of the output; remove outdated copies and the files of interrupted runs.

    Raises:
        DatasetError: The output folder cannot be written to.
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
    """Create a folder of the output; replace links that an earlier run made when the original had no videos in it."""
    below = [part for part in (folder, *folder.parents) if output in part.parents]
    for part in reversed(below):
        if part.is_symlink():
            part.unlink()
        part.mkdir(exist_ok=True)


def _link(link: Path, target: Path) -> None:
    """Link from the output to an original file or folder, or copy it if links are not supported; keep what exists."""
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
