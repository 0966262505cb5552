"""What will hurt a training on a project, found before it does."""

import difflib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import numpy as np

from yowo.data.key_frames import Split
from yowo.errors import AnnotationError, YowoError
from yowo.projects.project import (
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

Level = Literal["error", "warning"]
IMBALANCE = 20
"""Times as many boxes of the most frequent class as of the rarest from which on it is said."""
TINY = 4 / 224
"""Share of the picture's side: boxes thinner than four pixels of the usual input are hardly found."""
BLOCK = 1 << 20


class Finding(NamedTuple):
    """One kind of problem.

    Attributes:
        level: "error": training stops or means nothing; "warning": it may be meant.
        what: The problem.
        times: How often.
        where: The first of them, in one line.
        advice: What to do.
    """

    level: Level
    what: str
    times: int
    where: str
    advice: str


@dataclass
class ProjectReport:
    """What a project holds and what is wrong with it.

    Attributes:
        findings: Errors first.
        videos: Videos of each split.
        boxes: Rows of each class, by split.
        tracks: Tracks.
        frames: Annotated frames.
    """

    findings: list[Finding] = field(default_factory=list)
    videos: dict[Split, list[str]] = field(default_factory=dict)
    boxes: dict[Split, Counter[str]] = field(default_factory=dict)
    tracks: int = 0
    frames: int = 0

    @property
    def sound(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.level != "error" for finding in self.findings)

    def add(self, level: Level, what: str, places: Sequence[str], advice: str) -> None:
        """Add a finding, unless it has no place."""
        if places:
            self.findings.append(Finding(level, what, len(places), places[0], advice))


def check_project(root: Path) -> ProjectReport:
    """Look for everything that is known to spoil a training.

    Raises:
        DatasetError: The folder is no project.
    """
    check_layout(root)
    report = ProjectReport()
    try:
        folder = VideoFolder(root / VIDEO_FOLDER)
        facts = read_facts(root)
        counted = read_extents(root)
        numbered, damaged = _rows(root)
    except YowoError as error:  # nothing more can be said without these
        report.add("error", "unusable file", [str(error)], "mend it")
        return report
    report.add("error", "damaged row", damaged, "mend or remove it")
    rows = [row for _, row in numbered]
    extents = _check_videos(report, folder, counted, rows)
    classes = facts.classes or classes_of(rows)
    kept = _check_rows(report, root, numbered, folder, extents, classes)
    if facts.multi_label is False:
        several = several_at_once(kept)
        where = [] if several is None else [f"{several.video}, frame {several.frame}, track {several.track}"]
        report.add("error", "several actions of one person", where, f"set multi_label: true in {FACTS}")
    _check_tracks(report, kept, extents)
    _check_split(report, root, folder, kept)
    _check_classes(report, classes, facts.classes is not None)
    report.tracks = len({(row.video, row.track) for row in kept})
    report.frames = len({(row.video, row.frame) for row in kept})
    report.findings.sort(key=lambda finding: finding.level)
    return report


def _rows(root: Path) -> tuple[list[tuple[int, TableRow]], list[str]]:
    """Return the rows that can be taken apart, with their lines, and what is wrong with the others."""
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
    """Open every video; returns length and size of those that can be read, boxes counted as the project says."""
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
            changed.append(f"{name}: {info.num_frames} frames, {VIDEO_TABLE} says {known.num_frames}")
        extents[name] = Extent(info.num_frames, known.size)
    report.add("error", "video of another length than annotated", changed, "annotate it again, or put the old one back")
    annotated = {row.video for row in rows}
    report.add(
        "warning",
        "video without annotation",
        [name for name in folder.paths if name not in annotated],
        "it is not trained on; annotate or remove it",
    )
    same_name = _groups(folder.paths, lambda name: PurePosixPath(name).name)
    report.add("warning", "videos of one name in several folders", same_name, "make sure that they are different")
    return extents


def _groups(names: Iterable[str], key: Callable[[str], object]) -> list[str]:
    """Return the groups of names that have one key, as lines."""
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
    """Check rows one by one; returns those that training takes."""
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
            places["twice"].append(f"{where}: as row {seen[key]}: {row.video}, frame {row.frame}, track {row.track}")
        else:
            seen[key] = line
            if row.video in extents:
                kept.append(row)
    report.add("error", "row of a video that is not there", places["name"], f"correct the name, see {VIDEO_FOLDER}/")
    report.add("error", "unknown class", places["label"], f"correct it, or add it to classes in {FACTS}")
    report.add("error", "row without a track", places["track"], "give each instance of a video a number")
    report.add("error", "frame past the end of its video", places["frame"], "frames count from 0; correct or remove it")
    report.add("error", "box inverted, empty or outside the picture", places["box"], "pixels, x1 < x2 and y1 < y2")
    report.add("error", "two boxes of one track on a frame", places["twice"], "give the other one another track")
    return kept


def _check_tracks(report: ProjectReport, rows: Sequence[TableRow], extents: Mapping[str, Extent]) -> None:
    """Check what the boxes of each track say together."""
    tracks: dict[tuple[str, str], dict[int, tuple[float, ...]]] = defaultdict(dict)
    tiny = []
    for row in rows:
        tracks[row.video, row.track][row.frame] = row.box
        width, height = extents[row.video].size
        if min((row.box[2] - row.box[0]) / width, (row.box[3] - row.box[1]) / height) < TINY:
            tiny.append(f"{row.video}, frame {row.frame}, track {row.track}")
    report.add("warning", "tiny box", tiny, "enlarge dataset.image_size, or prepare crops")
    if not tracks:
        return
    single = [f"{video}, track {name}, frame {min(t)}" for (video, name), t in tracks.items() if len(t) == 1]
    if len(single) < len(tracks) / 2:  # else tracks are single frames on purpose
        report.add("warning", "track of a single frame", single, "left over from annotating? remove it")
    jumps = []
    for (video, name), boxes in tracks.items():
        frames = np.array(sorted(boxes))
        ordered = np.array([boxes[frame] for frame in frames.tolist()])
        shared = np.minimum(ordered[1:, 2:], ordered[:-1, 2:]) - np.maximum(ordered[1:, :2], ordered[:-1, :2])
        apart = (np.diff(frames) == 1) & (shared <= 0).any(axis=1)
        jumps += [f"{video}, track {name}, frame {frame}" for frame in frames[1:][apart].tolist()]
    report.add(
        "warning", "box that jumps away from one frame to the next", jumps, "two people with one track? split it"
    )


def _check_split(report: ProjectReport, root: Path, folder: VideoFolder, rows: Sequence[TableRow]) -> None:
    """Check what is trained on and what is held out."""
    try:
        names = split_names(root, rows)
    except YowoError as error:
        report.add("error", "split", [str(error)], "mend it")
        return
    report.videos = names
    for split in SPLITS:
        report.add(
            "error", f"no {split} video", [] if names[split] else [root.name], f"name some in splits/{split}.txt"
        )
        gone = [name for name in names[split] if name not in folder.paths]
        report.add("error", f"{split} video that is not there", gone, f"take it out of splits/{split}.txt")
        twice = [name for name, count in Counter(names[split]).items() if count > 1]
        report.add("warning", f"video twice in the {split} split", twice, f"once is enough in splits/{split}.txt")
    both = sorted(set(names["train"]) & set(names["val"]))
    report.add("error", "leak: video in both splits", both, "take it out of one; the figures mean nothing")
    split_of = {name: split for split in SPLITS for name in names[split] if name in folder.paths and name not in both}
    report.add("error", "leak: the same file in both splits", _same_files(folder, split_of), "remove one of them")
    within = set(names["train"]) | set(names["val"])
    outside = sorted({row.video for row in rows} - within)
    report.add("warning", "annotated video in no split", outside, "add it to splits/train.txt or val.txt")
    report.boxes = {split: Counter(row.label for row in rows if row.video in set(names[split])) for split in SPLITS}


def _same_files(folder: VideoFolder, split_of: Mapping[str, Split]) -> list[str]:
    """Return pairs of a training and a held-out file that are equal byte by byte."""
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
    """Check how the boxes spread over the classes."""
    train, val = (report.boxes.get(split, Counter()) for split in SPLITS)
    if listed:
        report.add("warning", "class without a box", [c for c in classes if not train[c] + val[c]], "remove it?")
    untrained = [c for c in classes if val[c] and not train[c]]
    report.add("error", "class that is held out only", untrained, "move a video with it into splits/train.txt")
    untested = [c for c in classes if train[c] and not val[c]]
    report.add("warning", "class that is trained on only", untested, "it has no figure; hold a video with it out")
    counts = [(train[c], c) for c in classes if train[c]]
    if counts and max(counts)[0] >= IMBALANCE * min(counts)[0]:
        (most, frequent), (least, rare) = max(counts), min(counts)
        where = f"{frequent} {most} boxes, {rare} {least}"
        report.add("warning", "class imbalance", [where], "dataset.balanced=0.5 raises rare classes")
    report.add("warning", "classes that differ in case or blanks only", _groups(classes, _plain), "make them one")
    sides = [c for c in classes if {"left", "right"} & set(_plain(c).split())]
    report.add("warning", "class with a side", sides, "a mirror image turns it round: augment.flip=0")


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
