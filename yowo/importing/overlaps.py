"""Joins the parts of a track that several files show: jobs of a task that overlap, an export before and after edits.

The jobs of a CVAT task share some frames (5 by default), on which both have boxes of the same people, with track
numbers of their own and maybe slightly different. Such boxes must coincide on all frames that two tracks share; people
whose boxes merely overlap stay apart, and so do all tracks of one file.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from yowo.boxes.array_iou import pair_iou
from yowo.importing.annotated import Annotated, Place
from yowo.importing.fitting import places_of, with_rows
from yowo.importing.track_linking import link_tracks
from yowo.projects.table import TableRow

MEAN_IOU = 0.75
"""Smallest mean IoU of two tracks, over the frames that both have, for being the same person."""
LEAST_IOU = 0.5
"""Smallest IoU of such tracks on any of these frames."""


@dataclass
class _Part:
    """A track in one document: its rows by frame, as indices; `bare` if the document gives no track."""

    document: str
    track: str
    bare: bool
    frames: dict[int, list[int]] = field(default_factory=dict)


@dataclass
class _Changes:
    """What joining changes, by row index: new tracks, rows to drop with the row that stays in their place, labels."""

    tracks: dict[int, str] = field(default_factory=dict)
    dropped: dict[int, int] = field(default_factory=dict)
    relabelled: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    joined: list[tuple[int, int]] = field(default_factory=list)


def join_overlaps(read: Annotated) -> Annotated:
    """Join tracks of different documents that show the same person on the frames they share.

    On these frames the rows of the document that was read first stay. Where labels differ, they win as well, unless
    the boxes are equal and people do several things at once, or the documents are about different classes throughout:
    then a person has the labels of both.

    Args:
        read: Annotations of all sources, boxes in pixels, without exact copies.

    Returns:
        The annotations, with notes that count what was joined and left out and name the first of each.
    """
    places = places_of(read)
    changes = _Changes()
    several = _several_at_once(read.rows, places)
    for indices in _shared_videos(read.rows, places):
        parts = _parts(read.rows, places, indices)
        groups = _groups(parts, read.rows)
        _rename(groups, changes)
        documents = _Documents(read.rows, places, indices, several)
        for group in groups:
            _merge(group, read.rows, documents, changes)
    rows = [row._replace(track=changes.tracks.get(index, row.track)) for index, row in enumerate(read.rows)]
    stay = [index for index in range(len(rows)) if index not in changes.dropped]
    notes = _notes(changes, read.rows, places)
    return with_rows(read, [rows[index] for index in stay], [places[index] for index in stay], *notes)


def _notes(changes: _Changes, rows: Sequence[TableRow], places: Sequence[Place]) -> list[str]:
    notes = []
    if changes.joined:
        before, after = changes.joined[0]
        notes.append(
            f"{len(changes.joined)} tracks go on in another file and were joined; the first: {places[after].entry} "
            f"continues {places[before].entry}"
        )
    if changes.dropped:
        index = min(changes.dropped)
        notes.append(
            f"{len(changes.dropped)} boxes are in two files and were left out of one; the first: {places[index].entry} "
            f"(as {places[changes.dropped[index]].entry}; frame {rows[index].frame} of {rows[index].video})"
        )
    if changes.relabelled:
        index = changes.relabelled[0]
        notes.append(
            f"{len(changes.relabelled)} of these boxes have another label in the other file; the label of the file "
            f"read first was kept; the first: {places[index].entry}: {rows[index].label}"
        )
    if changes.added:
        index = changes.added[0]
        notes.append(
            f"{len(changes.added)} boxes are in two files with different labels, and both labels were kept; the first: "
            f"{places[index].entry}: {rows[index].label}"
        )
    return notes


def _shared_videos(rows: Sequence[TableRow], places: Sequence[Place]) -> list[list[int]]:
    """Return the row indices of each video that has frames in more than one document."""
    document: dict[tuple[str, int], str] = {}
    shared = set()
    for row, place in zip(rows, places, strict=True):
        if document.setdefault((row.video, row.frame), place.document) != place.document:
            shared.add(row.video)
    found: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.video in shared:
            found[row.video].append(index)
    return list(found.values())


def _several_at_once(rows: Sequence[TableRow], places: Sequence[Place]) -> bool:
    """Tell whether a document gives a box several labels."""
    labels: dict[tuple[object, ...], str] = {}
    return any(
        labels.setdefault((place.document, row.video, row.frame, row.box), row.label) != row.label
        for row, place in zip(rows, places, strict=True)
    )


def _parts(rows: Sequence[TableRow], places: Sequence[Place], indices: Iterable[int]) -> list[_Part]:
    """Group the rows of a video by document and track; boxes without a track are linked within their document."""
    by_document: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        by_document[places[index].document].append(index)
    parts: dict[tuple[str, bool, str], _Part] = {}
    for document, own in by_document.items():
        own_rows = [rows[index] for index in own]
        named = own_rows if all(row.track for row in own_rows) else link_tracks(own_rows)
        for index, row in zip(own, named, strict=True):
            bare = not rows[index].track
            part = parts.setdefault((document, bare, row.track), _Part(document, rows[index].track, bare))
            part.frames.setdefault(row.frame, []).append(index)
    return list(parts.values())


def _groups(parts: Sequence[_Part], rows: Sequence[TableRow]) -> list[list[_Part]]:
    """Group parts of the same person, the most certain pairs first."""
    overlaps = _coinciding(parts, rows)
    group_of = {number: [number] for number in range(len(parts))}
    for first, second in sorted(overlaps, key=lambda pair: -sum(overlaps[pair])):
        one, other = group_of[first], group_of[second]
        fits = all(
            (min(a, b), max(a, b)) in overlaps or not parts[a].frames.keys() & parts[b].frames.keys()
            for a in one
            for b in other
        )
        if one is not other and fits:
            one += other
            for number in other:
                group_of[number] = one
    groups = {id(group): sorted(group) for group in group_of.values()}
    return [[parts[number] for number in group] for group in groups.values()]


def _coinciding(parts: Sequence[_Part], rows: Sequence[TableRow]) -> dict[tuple[int, int], list[float]]:
    """Return the IoUs, on the frames they share, of all pairs of parts of two documents that coincide there."""
    by_frame: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        for frame in part.frames:
            by_frame[frame].append(number)
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    for frame, numbers in by_frame.items():
        if len({parts[number].document for number in numbers}) < 2:
            continue
        boxes = np.array([rows[parts[number].frames[frame][0]].box for number in numbers])
        overlap = pair_iou(boxes[:, None], boxes[None])
        for one, other in np.argwhere(np.triu(overlap, 1) >= LEAST_IOU).tolist():
            pair = (numbers[one], numbers[other])
            if parts[pair[0]].document != parts[pair[1]].document:
                found[pair].append(float(overlap[one, other]))
    return {
        pair: values
        for pair, values in found.items()
        if len(values) == len(parts[pair[0]].frames.keys() & parts[pair[1]].frames.keys())
        and np.mean(values) >= MEAN_IOU
    }


def _rename(groups: Sequence[Sequence[_Part]], changes: _Changes) -> None:
    """Give each group a track of its own: the first one that its documents give, none if they give none."""
    used: set[str] = set()
    documents = list(dict.fromkeys(part.document for group in groups for part in group))
    for group in groups:
        source = next((part for part in group if not part.bare), None)
        name = source.track if source is not None else ""
        if source is not None:
            turns = 0
            while name in used:
                name = f"{documents.index(source.document) + turns}-{source.track}"
                turns += 1
            used.add(name)
        for part in group:
            changes.tracks.update((index, name) for indices in part.frames.values() for index in indices)


class _Documents:
    """Classes and first and last frame of the documents about a video."""

    def __init__(
        self, rows: Sequence[TableRow], places: Sequence[Place], indices: Iterable[int], several: bool
    ) -> None:
        self.several = several
        self.labels: dict[str, set[str]] = defaultdict(set)
        self.frames: dict[str, set[int]] = defaultdict(set)
        for index in indices:
            self.labels[places[index].document].add(rows[index].label)
            self.frames[places[index].document].add(rows[index].frame)

    def add_up(self, one: str, other: str) -> bool:
        """Tell whether a person may have the labels of two documents: jobs, one after the other, mean the same ones."""
        if self.several:
            return True
        first, second = sorted((self.frames[one], self.frames[other]), key=lambda frames: (min(frames), max(frames)))
        in_turn = min(first) < min(second) and max(first) < max(second)
        return not in_turn and not self.labels[one] & self.labels[other]


def _merge(group: Sequence[_Part], rows: Sequence[TableRow], documents: _Documents, changes: _Changes) -> None:
    """On each frame that several parts of a person show, keep the rows of the first one."""
    shown: dict[int, tuple[_Part, dict[str, int]]] = {}
    for number, part in enumerate(group):
        for frame, indices in part.frames.items():
            labels = {rows[index].label: index for index in indices}
            if frame not in shown:
                shown[frame] = (part, labels)
                continue
            before, kept = shown[frame]
            stays = next(iter(kept.values()))
            add_up = documents.add_up(before.document, part.document) and rows[indices[0]].box == rows[stays].box
            for label, index in labels.items():
                if label not in kept and add_up:
                    kept[label] = index
                    changes.added.append(index)
                    continue
                changes.dropped[index] = kept.get(label, stays)
                if label not in kept:
                    changes.relabelled.append(index)
        if number and not part.bare and not group[0].bare:
            changes.joined.append((_first_row(group[0]), _first_row(part)))


def _first_row(part: _Part) -> int:
    return part.frames[min(part.frames)][0]
