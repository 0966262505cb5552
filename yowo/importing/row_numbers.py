"""Tells numbers of rows from numbers of people: a track that never has a second frame is none."""

from yowo.importing.annotated import Annotated
from yowo.importing.fitting import places_of
from yowo.importing.track_linking import link_tracks
from yowo.projects.table import TableRow


def without_row_numbers(read: Annotated) -> Annotated:
    """Drop the tracks of a source in which no track goes on for a second frame although boxes do.

    Such numbers count rows, annotations or boxes; `link_tracks` later joins the boxes by their overlap. Where no box
    continues another one, tracks of a single frame are taken as they are.

    Args:
        read: The annotations of one source.

    Returns:
        The annotations, without tracks and with a note if they were none.
    """
    frames: dict[tuple[str, str], int] = {}
    for row in read.rows:
        if row.track and frames.setdefault((row.video, row.track), row.frame) != row.frame:
            return read
    if not frames:
        return read
    bare = [row._replace(track="") for row in read.rows]
    if not _goes_on(link_tracks(bare)):
        return read
    first = next(place.entry for row, place in zip(read.rows, places_of(read), strict=True) if row.track)
    note = (
        f"tracks were taken for numbers of rows, since none of {len(frames)} has a second frame (the first: {first}): "
        "boxes were joined to tracks by their overlap"
    )
    return read._replace(rows=bare, notes=[*read.notes, note])


def _goes_on(rows: list[TableRow]) -> bool:
    """Tell whether a track has boxes on two frames."""
    frames: dict[tuple[str, str], int] = {}
    return any(frames.setdefault((row.video, row.track), row.frame) != row.frame for row in rows)
