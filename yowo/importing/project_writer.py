"""Write imported annotations as a project folder, on which `dataset=custom` can be trained."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from yowo.data.key_frames import Split
from yowo.errors import DatasetError
from yowo.importing.annotated import Annotated
from yowo.importing.track_linking import link_tracks
from yowo.projects.project import (
    FACTS,
    SPLIT_FOLDER,
    SPLITS,
    TABLE,
    VIDEO_FOLDER,
    VIDEO_TABLE,
    Facts,
    box_sizes,
    choose_split,
    find_anchors,
    several_at_once,
    write_extents,
    write_facts,
)
from yowo.projects.table import Extent, TableRow, problem, write_table
from yowo.video.video_folder import VideoFolder


class Summary(NamedTuple):
    """A summary of the written project.

    Attributes:
        videos: Video names of each split.
        classes: Names of the classes.
        boxes: Number of rows of each class.
        tracks: Number of tracks.
        multi_label: Whether a box has several labels anywhere.
        frame_step: Median distance in frames between consecutive boxes of a track; 1 if every frame is annotated.
        notes: Messages about skipped or clipped boxes.
    """

    videos: dict[Split, list[str]]
    classes: tuple[str, ...]
    boxes: Counter[str]
    tracks: int
    multi_label: bool
    frame_step: int
    notes: list[str]


def write_project(
    output: Path,
    videos: VideoFolder,
    read: Annotated,
    held_out: Sequence[str] | None = None,
    share: float | None = None,
    seed: int = 0,
    copy: bool = False,
) -> Summary:
    """Write a project under a temporary name and rename it to `output` once it is complete.

    Args:
        output: Folder to write; it must not exist, or be empty.
        videos: The videos that the rows refer to.
        read: The imported rows and classes.
        held_out: Names of the validation videos; None chooses them automatically, see `choose_held_out`.
        share: Share of the boxes to hold out if they are chosen automatically, 0..1; None for a fifth.
        seed: Random seed of that choice and of the anchor clustering.
        copy: Whether to copy the videos instead of linking to them.

    Raises:
        DatasetError: There is no usable row, a class has no name, `output` is not empty or cannot be written, or a
            video cannot be read.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise DatasetError(f"{output}: already exists and is not empty; give another --output")
    unnamed = next((row for row in read.rows if not row.label), None)
    if unnamed is not None:
        raise DatasetError(f"{unnamed.video}, frame {unnamed.frame}: a box has a class without a name; see --classes")
    read = read._replace(classes=tuple(name for name in read.classes if name))
    rows, extents, notes = _fitting(read, videos)
    if not rows:
        raise DatasetError(
            "expected at least one box on a frame of the videos, found none; nothing was written: check that the "
            "videos and the annotations belong together"
        )
    rows = link_tracks(rows)
    split = choose_split(rows, share, seed) if held_out is None else _split(rows, held_out)
    multi_label = several_at_once(rows) is not None
    facts = Facts(read.classes, multi_label, find_anchors(box_sizes(rows, extents), seed=seed))
    workshop = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{output.name}-unfinished-", dir=output.resolve().parent))
        unfinished = workshop / output.name
        for name in (VIDEO_FOLDER, SPLIT_FOLDER):
            (unfinished / name).mkdir(parents=True)
        for name in extents:
            _place(videos.paths[name], unfinished / VIDEO_FOLDER / name, copy)
        write_table(unfinished / TABLE, rows)
        write_extents(unfinished / VIDEO_TABLE, extents)
        write_facts(unfinished / FACTS, facts)
        for part in SPLITS:
            text = "".join(f"{name}\n" for name in split[part])
            (unfinished / SPLIT_FOLDER / f"{part}.txt").write_text(text, encoding="utf-8")
        if output.is_dir():
            output.rmdir()
        unfinished.rename(output)
    except OSError as error:
        raise DatasetError(f"{output}: cannot be written ({error}); choose another --output") from error
    finally:
        if workshop is not None:
            shutil.rmtree(workshop, ignore_errors=True)
    boxes = Counter(row.label for row in rows)
    tracks = len({(row.video, row.track) for row in rows})
    return Summary(split, read.classes, boxes, tracks, multi_label, frame_step(rows), notes)


def frame_step(rows: Iterable[TableRow]) -> int:
    """Return the median distance in frames between consecutive boxes of a track; 1 if every track has a single box."""
    frames: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        frames.setdefault((row.video, row.track), set()).add(row.frame)
    steps: Counter[int] = Counter()
    for found in frames.values():
        ordered = sorted(found)
        steps.update(after - before for before, after in pairwise(ordered))
    half, seen = sum(steps.values()) / 2, 0
    for step in sorted(steps):
        seen += steps[step]
        if seen >= half:
            return step
    return 1


def _fitting(read: Annotated, videos: VideoFolder) -> tuple[list[TableRow], dict[str, Extent], list[str]]:
    """Clip boxes to the picture; skip boxes outside of it and rows whose frame number is outside their video."""
    infos = videos.probe(row.video for row in read.rows)
    extents = {name: Extent(info.num_frames, (info.width, info.height)) for name, info in infos.items()}
    rows: list[TableRow] = []
    clipped, lost = 0, []
    for row in read.rows:
        width, height = extents[row.video].size
        x1, y1, x2, y2 = row.box
        inside = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
        x1, y1, x2, y2 = (round(value, 2) for value in inside)
        fitting = row._replace(box=(x1, y1, x2, y2))
        wrong = problem(fitting, extents[row.video])
        if wrong is not None:
            lost.append(f"{row.video}, frame {row.frame}: {wrong}")
            continue
        clipped += inside != row.box
        rows.append(fitting)
    notes = list(read.notes)
    if clipped:
        notes.append(f"{clipped} boxes extended beyond the picture and were clipped to it")
    if lost:
        notes.append(f"{len(lost)} boxes were skipped; the first: {lost[0]}")
    return rows, extents, notes


def _split(rows: Sequence[TableRow], held_out: Sequence[str]) -> dict[Split, list[str]]:
    named = {row.video for row in rows}
    return {"train": sorted(named - set(held_out)), "val": sorted(named & set(held_out))}


def _place(source: Path, target: Path, copy: bool) -> None:
    """Link or copy a video file or a folder of pictures; a file's extension is appended to `target`."""
    target = target.parent / (target.name + source.suffix) if source.is_file() else target
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy and source.is_dir():
        shutil.copytree(source, target)
    elif copy:
        shutil.copy2(source, target)
    else:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
