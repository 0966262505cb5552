"""Checks of a project before training: invalid rows, unreadable videos, split leaks, class imbalance."""

import difflib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from yowo.data.key_frames import Split
from yowo.errors import AnnotationError, YowoError
from yowo.projects.findings import ProjectReport
from yowo.projects.people import people_of
from yowo.projects.people_checks import InputSettings, check_coinciding, check_people
from yowo.projects.project import (
    ANCHORS,
    FACTS,
    SPLITS,
    TABLE,
    VIDEO_FOLDER,
    VIDEO_TABLE,
    check_layout,
    classes_of,
    read_extents,
    read_facts,
    several_at_once,
    split_names,
)
from yowo.projects.table import Extent, TableRow, problem, table_rows
from yowo.video.prepared_size import annotated_size
from yowo.video.probe import probe_videos
from yowo.video.video_folder import VideoFolder

IMBALANCE = 20
"""Ratio of boxes between the most frequent and the rarest class from which on imbalance is reported."""
BLOCK = 1 << 20
"""Bytes that are read at a time."""


def check_project(root: Path, settings: InputSettings | None = None) -> ProjectReport:
    """Check a project for all known problems that would make training fail or invalidate its results.

    Args:
        root: Folder of the project.
        settings: What a training would use; None takes the input size that suits the people.

    Raises:
        DatasetError: `annotations.csv` or `videos/` is missing.
    """
    check_layout(root)
    report = ProjectReport()
    try:
        folder = VideoFolder(root / VIDEO_FOLDER)
        facts = read_facts(root)
        counted = read_extents(root)
        numbered, damaged = _rows(root)
    except YowoError as error:  # the other checks need these files
        report.add("error", "unreadable file", [str(error)], "correct the file")
        return report
    report.add("error", "malformed row", damaged, "correct or remove it")
    rows = [row for _, row in numbered]
    extents = _check_videos(report, folder, counted, rows)
    classes = facts.classes or classes_of(rows)
    kept = _check_rows(report, root, numbered, folder, extents, classes)
    if facts.multi_label is False:
        several = several_at_once(kept)
        where = [] if several is None else [f"{several.video}, frame {several.frame}, track {several.track}"]
        report.add("error", "person with several labels at once", where, f"set multi_label: true in {FACTS}")
    _check_tracks(report, kept)
    check_coinciding(report, kept)
    used = settings or InputSettings()
    anchors = used.anchors or (ANCHORS if facts.anchors is None else len(facts.anchors))
    check_people(report, people_of(kept, extents), used._replace(anchors=anchors))
    _check_split(report, root, folder, kept)
    _check_classes(report, classes, facts.classes is not None)
    report.tracks = len({(row.video, row.track) for row in kept})
    report.frames = len({(row.video, row.frame) for row in kept})
    report.findings.sort(key=lambda finding: finding.level)
    return report


def _rows(root: Path) -> tuple[list[tuple[int, TableRow]], list[str]]:
    """Return the rows that can be parsed with their line numbers, and the error messages of the others."""
    rows: list[tuple[int, TableRow]] = []
    damaged = []
    for line, row in table_rows(root / TABLE):
        if isinstance(row, AnnotationError):
            damaged.append(str(row))
        else:
            rows.append((line, row))
    return rows, damaged


def _check_videos(
    report: ProjectReport, folder: VideoFolder, counted: Mapping[str, Extent], rows: Sequence[TableRow]
) -> dict[str, Extent]:
    """Probe every video; return length and annotated size of the readable ones."""
    infos, reasons = probe_videos([str(path) for path in folder.paths.values()])
    report.add("error", "unreadable video", list(reasons.values()), "repair it, or set dataset.on_unreadable=skip")
    extents = {}
    changed = []
    for name, path in folder.paths.items():
        info = infos.get(str(path))
        if info is None:
            continue
        known = counted.get(name, Extent(info.num_frames, annotated_size(path, info)))
        if known.num_frames != info.num_frames:
            changed.append(f"{name}: has {info.num_frames} frames, but {VIDEO_TABLE} lists {known.num_frames}")
        extents[name] = Extent(info.num_frames, known.size)
    report.add("error", "video length differs from annotation", changed, "annotate it again, or restore the old video")
    annotated = {row.video for row in rows}
    report.add(
        "warning",
        "video without annotation",
        [name for name in folder.paths if name not in annotated],
        "it is not used in training; annotate or remove it",
    )
    same_name = _groups(folder.paths, lambda name: PurePosixPath(name).name)
    report.add("warning", "same video name in several folders", same_name, "make sure that the videos are different")
    return extents


def _groups(names: Iterable[str], key: Callable[[str], object]) -> list[str]:
    """Return each group of two or more names with the same key, as one line."""
    groups: dict[object, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return [" = ".join(group) for group in groups.values() if len(group) > 1]


def _check_rows(
    report: ProjectReport,
    root: Path,
    numbered: Iterable[tuple[int, TableRow]],
    folder: VideoFolder,
    extents: Mapping[str, Extent],
    classes: Sequence[str],
) -> list[TableRow]:
    """Check each row; return the rows that training can use."""
    kept: list[TableRow] = []
    seen: dict[tuple[object, ...], int] = {}
    places: dict[str, list[str]] = defaultdict(list)
    known = set(classes)
    for line, row in numbered:
        where = f"{TABLE}, row {line}"
        wrong = problem(row, extents[row.video]) if row.video in extents else None
        key = (row.video, row.track, row.label, row.frame)
        if row.video not in folder.paths:
            near = difflib.get_close_matches(row.video, folder.paths, n=1)
            places["name"].append(f"{where}: {row.video!r}" + (f"; did you mean {near[0]}?" if near else ""))
        elif row.label not in known:
            near = difflib.get_close_matches(row.label, classes, n=1)
            places["label"].append(f"{where}: {row.label!r}" + (f"; did you mean {near[0]}?" if near else ""))
        elif not row.track:
            places["track"].append(where)
        elif wrong is not None:
            places["frame" if wrong.startswith("frame:") else "box"].append(f"{where}: {wrong}")
        elif key in seen:
            places["twice"].append(
                f"{where}: same track and frame as row {seen[key]}: {row.video}, frame {row.frame}, track {row.track}"
            )
        else:
            seen[key] = line
            if row.video in extents:
                kept.append(row)
    report.add("error", "row of a missing video", places["name"], f"correct the name, see {VIDEO_FOLDER}/")
    report.add("error", "unknown class", places["label"], f"correct it, or add it to classes in {FACTS}")
    report.add("error", "row without a track", places["track"], "give each instance of a video a number")
    report.add("error", "frame number outside its video", places["frame"], "frames count from 0; correct or remove it")
    box_advice = "give pixels with x1 < x2 and y1 < y2"
    report.add("error", "box inverted, empty or outside the picture", places["box"], box_advice)
    report.add("error", "two boxes of one track on a frame", places["twice"], "give each instance its own track")
    return kept


def _check_tracks(report: ProjectReport, rows: Sequence[TableRow]) -> None:
    """Check single-frame tracks and jumps within tracks."""
    tracks: dict[tuple[str, str], dict[int, tuple[float, ...]]] = defaultdict(dict)
    for row in rows:
        tracks[row.video, row.track][row.frame] = row.box
    if not tracks:
        return
    single = [f"{video}, track {name}, frame {min(t)}" for (video, name), t in tracks.items() if len(t) == 1]
    if len(single) < len(tracks) / 2:  # otherwise single-frame tracks are probably intended
        report.add("warning", "track of a single frame", single, "remove it if it is an annotation mistake")
    jumps = []
    for (video, name), boxes in tracks.items():
        frames = np.array(sorted(boxes))
        ordered = np.array([boxes[frame] for frame in frames.tolist()])
        shared = np.minimum(ordered[1:, 2:], ordered[:-1, 2:]) - np.maximum(ordered[1:, :2], ordered[:-1, :2])
        apart = (np.diff(frames) == 1) & (shared <= 0).any(axis=1)
        jumps += [f"{video}, track {name}, frame {frame}" for frame in frames[1:][apart].tolist()]
    report.add(
        "warning", "no overlap with the track's previous frame", jumps, "split the track if it covers two people"
    )


def _check_split(report: ProjectReport, root: Path, folder: VideoFolder, rows: Sequence[TableRow]) -> None:
    """Check the training and validation split."""
    try:
        names = split_names(root, rows)
    except YowoError as error:
        report.add("error", "invalid split", [str(error)], "correct the files in splits/")
        return
    report.videos = names
    for split in SPLITS:
        report.add(
            "error", f"no {split} video", [] if names[split] else [root.name], f"list some in splits/{split}.txt"
        )
        gone = [name for name in names[split] if name not in folder.paths]
        report.add("error", f"missing {split} video", gone, f"add the video, or remove it from splits/{split}.txt")
        twice = [name for name, count in Counter(names[split]).items() if count > 1]
        report.add("warning", f"video twice in the {split} split", twice, f"list it once in splits/{split}.txt")
    both = sorted(set(names["train"]) & set(names["val"]))
    report.add("error", "leak: video in both splits", both, "remove it from one; validation scores are invalid")
    split_of = {name: split for split in SPLITS for name in names[split] if name in folder.paths and name not in both}
    report.add("error", "leak: the same file in both splits", _same_files(folder, split_of), "remove one of them")
    within = set(names["train"]) | set(names["val"])
    outside = sorted({row.video for row in rows} - within)
    report.add("warning", "annotated video in no split", outside, "add it to splits/train.txt or val.txt")
    report.boxes = {split: Counter(row.label for row in rows if row.video in set(names[split])) for split in SPLITS}
    bare = [split for split in SPLITS if names[split] and not report.boxes[split]]
    for split in bare if rows else []:
        where = f"{len(names[split])} videos in splits/{split}.txt, none with a row in {TABLE}"
        report.add("error", f"no annotated {split} video", [where], f"list annotated videos in splits/{split}.txt")


def _same_files(folder: VideoFolder, split_of: Mapping[str, Split]) -> list[str]:
    """Return groups of identical files (byte by byte) that are in both splits, as one line each."""
    sizes: dict[int, list[str]] = defaultdict(list)
    for name in split_of:
        if folder.paths[name].is_file():
            sizes[folder.paths[name].stat().st_size].append(name)
    alike = [name for group in sizes.values() if len({split_of[name] for name in group}) > 1 for name in group]
    digests: dict[bytes, list[str]] = defaultdict(list)
    for name in alike:
        digests[_digest(folder.paths[name])].append(name)
    groups = (group for group in digests.values() if len({split_of[name] for name in group}) > 1)
    return [" = ".join(f"{name} ({split_of[name]})" for name in group) for group in groups]


def _digest(path: Path) -> bytes:
    made = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            made.update(block)
    return made.digest()


def _check_classes(report: ProjectReport, classes: Sequence[str], listed: bool) -> None:
    """Check the distribution of boxes over classes and splits, and the class names."""
    train, val = (report.boxes.get(split, Counter()) for split in SPLITS)
    if listed:
        report.add(
            "warning", "class without a box", [c for c in classes if not train[c] + val[c]], "remove or annotate it"
        )
    untrained = [c for c in classes if val[c] and not train[c]]
    report.add("error", "class in the val split only", untrained, "move a video with it to splits/train.txt")
    untested = [c for c in classes if train[c] and not val[c]]
    report.add("warning", "class in the train split only", untested, "it is not scored; move a video to splits/val.txt")
    counts = [(train[c], c) for c in classes if train[c]]
    if counts and max(counts)[0] >= IMBALANCE * min(counts)[0]:
        (most, frequent), (least, rare) = max(counts), min(counts)
        where = f"{frequent}: {most} boxes, {rare}: {least}"
        report.add("warning", "class imbalance", [where], "dataset.balanced=0.5 samples rare classes more often")
    report.add("warning", "classes that differ in case or spaces only", _groups(classes, _plain), "merge them")
    sides = [c for c in classes if {"left", "right"} & set(_plain(c).split())]
    to_do = "set augment.flip=0, or name the pairs in augment.mirrored: horizontal flips swap left and right"
    report.add("warning", "left/right class", sides, to_do)


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
