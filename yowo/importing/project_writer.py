"""Write imported annotations as a project folder, on which `dataset=custom` can be trained."""

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from yowo.data.key_frames import Split
from yowo.errors import DatasetError
from yowo.importing.annotated import Annotated
from yowo.importing.copies import without_copies
from yowo.importing.fitting import fit_rows
from yowo.importing.output_folder import check_output, check_space, whole_folder
from yowo.importing.overlaps import join_overlaps
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
from yowo.projects.table import Extent, TableRow, write_table
from yowo.video.file_names import spelled
from yowo.video.video_files import video_stem
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
    check_output(output)
    unnamed = next((row for row in read.rows if not row.label), None)
    if unnamed is not None:
        raise DatasetError(f"{unnamed.video}, frame {unnamed.frame}: a box has a class without a name; see --classes")
    read = read._replace(classes=tuple(name for name in read.classes if name))
    infos = videos.probe(row.video for row in read.rows)
    extents = {name: Extent(info.num_frames, (info.width, info.height)) for name, info in infos.items()}
    read = join_overlaps(without_copies(fit_rows(read, extents)))
    if not read.rows:
        reasons = "".join(f"; {note}" for note in read.notes)
        raise DatasetError(
            "expected at least one box on a frame of the videos, found none; nothing was written: check that the "
            f"videos and the annotations belong together{reasons}"
        )
    rows = link_tracks(read.rows)
    split = choose_split(rows, share, seed) if held_out is None else _split(rows, held_out)
    multi_label = several_at_once(rows) is not None
    facts = Facts(read.classes, multi_label, find_anchors(box_sizes(rows, extents), seed=seed))
    if copy:
        check_space(output, (videos.paths[name] for name in extents))
    with whole_folder(output) as unfinished:
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
    boxes = Counter(row.label for row in rows)
    tracks = len({(row.video, row.track) for row in rows})
    return Summary(split, read.classes, boxes, tracks, multi_label, frame_step(rows), read.notes)


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


def _split(rows: Sequence[TableRow], held_out: Sequence[str]) -> dict[Split, list[str]]:
    named = {row.video for row in rows}
    return {"train": sorted(named - set(held_out)), "val": sorted(named & set(held_out))}


def _place(source: Path, target: Path, copy: bool) -> None:
    """Link or copy a video file or a folder of pictures; a file's ending is appended to `target`."""
    if source.is_file():
        target = target.with_name(target.name + spelled(source.name)[len(video_stem(source.name)) :])
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy and source.is_dir():
        shutil.copytree(source, target)
    elif copy:
        shutil.copy2(source, target)
    else:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
