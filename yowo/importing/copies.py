"""Drops exact copies: the same export read twice, rows and tracks that a source lists twice."""

from collections import Counter, defaultdict
from itertools import combinations

from yowo.importing.annotated import Annotated
from yowo.importing.fitting import places_of, with_rows
from yowo.projects.table import TableRow

Track = tuple[str, str, str]
"""Document, video and name of a track."""


def without_copies(read: Annotated) -> Annotated:
    """Drop rows that repeat the video, frame, box and class of another one of the same person.

    Rows of one track, and rows without a track, are copies if all these are equal. Of two tracks, one is a copy if all
    its rows are in the other, so that two people whose boxes are equal for a moment stay two. Other classes of the same
    box are no copies: a person may do several things at once.

    Args:
        read: Annotations of all sources.

    Returns:
        The annotations, with a note that counts the copies and names the first.
    """
    places = places_of(read)
    first: dict[tuple[object, ...], int] = {}
    twice: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(read.rows):
        same = first.setdefault((row.video, row.frame, row.box, row.label), index)
        if same != index:
            twice[row.video, row.frame, row.box, row.label].append(index)
    if not twice:
        return read
    groups = [[first[key], *others] for key, others in twice.items()]
    tracks: list[Track] = [(place.document, row.video, row.track) for row, place in zip(read.rows, places, strict=True)]
    copies = _copied_tracks(tracks, groups, read.rows)
    dropped: dict[int, int] = {}
    for group in groups:
        kept: list[int] = []
        for index in sorted(group, key=lambda index: (not read.rows[index].track, index)):
            bare = not read.rows[index].track
            again = next((other for other in kept if bare or tracks[other] == tracks[index]), None)
            if again is None and tracks[index] in copies:
                again = next((other for other in group if tracks[other] not in copies), None)
            if again is None:
                kept.append(index)
            else:
                dropped[index] = again
    if not dropped:
        return read
    copy = min(dropped)
    row = read.rows[copy]
    note = (
        f"{len(dropped)} boxes are exact copies and were left out; the first: {places[copy].entry} (a copy of "
        f"{places[dropped[copy]].entry}; frame {row.frame} of {row.video})"
    )
    stay = [index for index in range(len(read.rows)) if index not in dropped]
    return with_rows(read, [read.rows[index] for index in stay], [places[index] for index in stay], note)


def _copied_tracks(tracks: list[Track], groups: list[list[int]], rows: list[TableRow]) -> set[Track]:
    """Return the tracks all of whose rows another track has; of equal tracks, all but the first.

    Args:
        tracks: Track of each row.
        groups: Indices of the rows that are equal apart from their tracks.
        rows: The rows.
    """
    sizes = Counter(tracks)
    order = {track: place for place, track in enumerate(dict.fromkeys(tracks))}
    distinct = {(tracks[i], rows[i].frame, rows[i].box, rows[i].label) for group in groups for i in group}
    repeats = Counter(tracks[i] for group in groups for i in group)
    repeats.subtract(Counter(track for track, *_ in distinct))
    shared: Counter[tuple[Track, Track]] = Counter()
    for group in groups:
        named = sorted({tracks[index] for index in group if rows[index].track}, key=order.__getitem__)
        shared.update(combinations(named, 2))
    copies = set()
    for (before, after), count in shared.items():
        if count == sizes[after] - repeats[after]:
            copies.add(after)
        elif count == sizes[before] - repeats[before]:
            copies.add(before)
    return copies
