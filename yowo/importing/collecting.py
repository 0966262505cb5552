"""What every importer does with entries that cannot be used as they are: one rule for all formats.

Harmless entries, such as boxes without area, are left out and counted, and the first of each kind is named in a note.
Damaged ones (text in place of a number, reversed corners, an unknown video) refuse the import, all in one list. Boxes
that extend beyond the picture and frames past the end are dealt with once the videos are known, see
`yowo.importing.fitting`.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, Place
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder

LISTED = 20
"""Largest number of problems in a message; those of each kind first."""
ROUNDING = 0.005
"""Pixels by which corners may be reversed: half of the last digit in the table of a project."""
WITHOUT_AREA = "boxes have no area and were left out"

Box = tuple[float, float, float, float]


class DamagedSourceError(AnnotationError):
    """Several entries of a source are damaged; the message has a line for each.

    Attributes:
        problems: All problems, one line each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        """Store the message: the only problem, or a list that has some of each kind."""
        super().__init__(problems[0])
        self.problems = tuple(problems)
        if len(problems) > 1:
            more = [f"... and {len(problems) - LISTED} more"] if len(problems) > LISTED else []
            self.details = (*_some_of_each_kind(problems), *more)
            self.args = ("\n  ".join([f"{len(problems)} problems, nothing was written:", *self.details]),)


def _some_of_each_kind(problems: Sequence[str]) -> list[str]:
    """Return at most `LISTED` problems in their order; a frequent kind does not keep out a rare one."""
    turn: Counter[str] = Counter()
    order = []
    for place, problem in enumerate(problems):
        kind = re.sub(r"\d+", "", problem.partition(", got ")[0])
        order.append((turn[kind], place))
        turn[kind] += 1
    return [problems[place] for place in sorted(place for _, place in sorted(order)[:LISTED])]


def problems_of(error: AnnotationError) -> tuple[str, ...]:
    """Return the problems that an error reports, one line each."""
    return error.problems if isinstance(error, DamagedSourceError) else (str(error),)


def _in_file_order(problem: str) -> list[tuple[int, str]]:
    """Return a key that sorts problems by file and row: digits count as numbers, "row 9" before "row 10"."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", problem)]


class _AlreadyListedError(AnnotationError):
    """A problem that was listed for an earlier entry."""


class Collector:
    """The usable rows of a source, and all its problems.

    Attributes:
        rows: Rows added so far, boxes in pixels.
        places: Where each row comes from.

    Examples:
        >>> collector = Collector()
        >>> for line, box in ((2, (1, 2, 5, 6)), (3, (5, 2, 5, 6)), (4, (1, 2, 5, 7))):
        ...     with collector.entry():
        ...         collector.add(TableRow("a", 0, box, "run", ""), Place("t.csv", f"t.csv, row {line}"))
        >>> collector.annotated(["run"]).notes
        ['1 boxes have no area and were left out; the first: t.csv, row 3: 5,2,5,6']
    """

    def __init__(self) -> None:
        """Begin without rows."""
        self.rows: list[TableRow] = []
        self.places: list[Place] = []
        self._problems: list[str] = []
        self._left_out: dict[str, tuple[int, str]] = {}
        self._notes: list[str] = []
        self._videos: dict[str, str | None] = {}

    @contextmanager
    def entry(self) -> Iterator[None]:
        """Read an entry in the block: an AnnotationError skips the rest of it and joins the list of problems."""
        try:
            yield
        except _AlreadyListedError:
            pass
        except AnnotationError as error:
            self._problems += problems_of(error)

    def video(self, videos: VideoFolder, named: str, where: str) -> str:
        """Return the name in `videos` of the video that an entry names; an unknown one is listed once.

        Raises:
            AnnotationError: There is no such video, or there are several.
        """
        if named not in self._videos:
            self._videos[named] = None
            self._videos[named] = videos.find(named, where)
        found = self._videos[named]
        if found is None:
            raise _AlreadyListedError(named)
        return found

    def add(self, row: TableRow, place: Place) -> None:
        """Add a row with a box in pixels, which may extend beyond the picture; one without area is left out.

        Raises:
            AnnotationError: The box has a coordinate that is no finite number, or reversed corners.
        """
        x1, y1, x2, y2 = row.box
        shown = f"{x1:g},{y1:g},{x2:g},{y2:g}"
        if not all(map(math.isfinite, row.box)):
            raise AnnotationError(f"{place.entry}: expected four finite numbers for the box, got {shown}")
        side = min(x2 - x1, y2 - y1)
        if side < -ROUNDING:
            raise AnnotationError(f"{place.entry}: expected x1 < x2 and y1 < y2, got {shown}")
        if side <= 0:
            self.leave_out(WITHOUT_AREA, f"{place.entry}: {shown}")
            return
        self.rows.append(row)
        self.places.append(place)

    def leave_out(self, words: str, where: str) -> None:
        """Count an entry that is left out or changed for a reason; `words` follow the count in the note."""
        count, first = self._left_out.get(words, (0, where))
        self._left_out[words] = (count + 1, first)

    def note(self, words: str) -> None:
        """Add a message about an assumption that was made; repeated ones are shown once."""
        if words not in self._notes:
            self._notes.append(words)

    def require(self) -> None:
        """Raise if there was a problem so far.

        Raises:
            DamagedSourceError: There was; the message lists all.
        """
        if self._problems:
            raise DamagedSourceError(sorted(self._problems, key=_in_file_order))

    def annotated(self, classes: Iterable[str]) -> Annotated:
        """Return the rows and notes.

        Args:
            classes: Names of all classes of the source, in its order.

        Raises:
            DamagedSourceError: There was a problem; the message lists all.
        """
        self.require()
        counted = [f"{count} {words}; the first: {first}" for words, (count, first) in self._left_out.items()]
        return Annotated(self.rows, tuple(classes), self._notes + counted, self.places)


def parsed_box(texts: Sequence[object], where: str, has_size: bool = False) -> Box:
    """Parse a box; `Collector.add` checks its corners.

    Args:
        texts: Four numbers or their texts: x1 y1 x2 y2, or x1 y1 width height.
        where: File and row, for error messages.
        has_size: Whether the last two numbers are width and height.

    Returns:
        x1 y1 x2 y2, in the unit of the input.

    Raises:
        AnnotationError: These are not four finite numbers.

    Examples:
        >>> parsed_box(["10", "20", "30", "40"], "boxes.csv, row 2", has_size=True)
        (10.0, 20.0, 40.0, 60.0)
    """
    try:
        x1, y1, x2, y2 = (float(str(text)) for text in texts)
    except ValueError:
        shown = ",".join(str(text) for text in texts)
        raise AnnotationError(f"{where}: expected four numbers for the box, got {shown or 'nothing'}") from None
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        raise AnnotationError(f"{where}: expected four finite numbers for the box, got {x1:g},{y1:g},{x2:g},{y2:g}")
    return (x1, y1, x1 + x2, y1 + y2) if has_size else (x1, y1, x2, y2)
