"""Frame numbers of annotation and the pictures that bear them, in data sets whose frames are pictures."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from yowo.contracts import Tube
from yowo.video.file_names import last_number
from yowo.video.pictures import picture_names, picture_stem

log = logging.getLogger(__name__)


class PictureNumbers:
    """The pictures of a video by the number in their names, which may start anywhere and have gaps.

    Attributes:
        length: How many pictures there are.
    """

    def __init__(self, folder: Path) -> None:
        """List the folder.

        Raises:
            VideoError: The folder cannot be listed, or two pictures differ in their ending only.
        """
        names = [picture_stem(name) for name in picture_names(folder)]
        numbers = [last_number(name) for name in names]
        self.length = len(names)
        self._folder = folder
        self._places: dict[int | None, int] | None = None
        if numbers != list(range(1, len(names) + 1)):
            self._places = {number: place for place, number in enumerate(numbers)}

    @property
    def first(self) -> int:
        """Number of the first frame of the video that the pictures were taken from: 0 if a picture has it, else 1."""
        return 0 if self._places is not None and 0 in self._places else 1

    def place(self, number: int) -> int | None:
        """Return the position, from 0, of the picture with a number; None if it is missing.

        If the numbers are 1, 2, 3 and so on, this is `number` - 1 also past the last picture.
        """
        return number - 1 if self._places is None else self._places.get(number)

    def tubes(self, tubes: Iterable[Tube]) -> tuple[Tube, ...]:
        """Return tubes with frames counted in pictures; boxes on frames without a picture are left out.

        Args:
            tubes: Tubes whose frames count from 0, as those of the video that the pictures were taken from.
        """
        return tuple(tubes) if self._places is None else tuple(self._moved(tube) for tube in tubes if self._kept(tube))

    def _kept(self, tube: Tube) -> list[tuple[int, int]]:
        """Return the row in the tube and the position of each frame that has a picture."""
        places = [self.place(tube.start + row + self.first) for row in range(len(tube.boxes))]
        return [(row, place) for row, place in enumerate(places) if place is not None]

    def _moved(self, tube: Tube) -> Tube:
        kept = self._kept(tube)
        if len(kept) < len(tube.boxes):
            log.warning("%s: %d boxes are on pictures that are missing", self._folder, len(tube.boxes) - len(kept))
        return Tube(tube.label, kept[0][1], np.asarray(tube.boxes)[[row for row, _ in kept]])


def report_missing(missing: Sequence[str]) -> None:
    """Warn of key frames that have no picture: how many, and the first."""
    if missing:
        log.warning("%d key frames have no picture and were left out; the first: %s", len(missing), missing[0])
