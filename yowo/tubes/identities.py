"""Which tubes are of one person: the actions of a person at the same time (AVA), and those that follow each other."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.errors import YowoError
from yowo.tubes.track_bank import widened

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


@dataclass(slots=True)
class _Person:
    """A person who was seen lately: number, last frame, and the boxes (float64 [4], pixels) and classes there."""

    number: int
    frame: int
    boxes: list[Reals] = field(default_factory=list)
    labels: set[int] = field(default_factory=set)


class PersonNumbers:
    """Numbers the people that tubes belong to, frame by frame, from 1.

    A new tube belongs to the person whose box on its first frame overlaps it most; if there is none, to the person who
    was last seen where it begins; else to a new person. At one time a person has one tube of a class. A tube keeps its
    person, unless it parts from the person's oldest tube, as one does that began while two people overlapped: it then
    gets its person as a new tube does. The rule looks back only, so that it serves final tubes of files and provisional
    ones of live sources; its memory depends on the number of people in the last frames.

    Attributes:
        count: Number of people so far.

    Examples:
        A tube of class 0, one of class 1 beside it on the same person, and one that follows after both have ended.

        >>> box, people = np.array([[10, 10, 50, 90]], np.float32), PersonNumbers()
        >>> people.of_frame(0, np.array([0]), np.array([0]), box).tolist()
        [1]
        >>> people.of_frame(1, np.array([0, 1]), np.array([0, 1]), np.concatenate([box, box + 1])).tolist()
        [1, 1]
        >>> people.of_frame(9, np.array([2]), np.array([0]), box + 4).tolist()
        [1]
        >>> people.of_frame(10, np.array([2, 3]), np.array([0, 0]), np.concatenate([box + 4, box + 200])).tolist()
        [1, 2]
    """

    def __init__(
        self,
        same_iou: float = 0.5,
        next_iou: float = 0.3,
        part_iou: float = 0.2,
        widening: float = 2.0,
        memory: int = 30,
    ) -> None:
        """Start without people.

        Args:
            same_iou: A tube is of a person who is on its first frame if their boxes have more IoU than this.
            next_iou: A tube is of a person who was seen before if their widened boxes have more IoU than this.
            part_iou: A tube parts from its person if its IoU with the oldest tube of the person is not above this.
            widening: Factor by which boxes are widened for `next_iou`, in width and height.
            memory: Frames for which a person is remembered who is not seen, and a tube that is not given.
        """
        self.count = 0
        self._same_iou, self._next_iou, self._part_iou = same_iou, next_iou, part_iou
        self._widening, self._memory = widening, memory
        self._people: dict[int, _Person] = {}
        self._tubes: dict[int, tuple[int, int]] = {}
        self._frame: int | None = None

    def of_frame(self, frame: int, tubes: Ints, labels: Ints, boxes_xyxy: Floats) -> Ints:
        """Return the person of each tube that passes through a frame.

        Args:
            frame: Position of the frame; higher than in the previous call.
            tubes: int64 [n], numbers of the tubes, each once.
            labels: int64 [n], their classes.
            boxes_xyxy: float32 [n, 4], their boxes on the frame, x1 y1 x2 y2 in pixels.

        Returns:
            int64 [n], numbers of people, from 1.

        Raises:
            YowoError: The frame is not later than the previous one.
        """
        if self._frame is not None and frame <= self._frame:
            raise YowoError(f"frame {frame}: expected a frame after {self._frame}; start anew for a new video")
        self._frame = frame
        self._forget(frame)
        boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
        numbers, classes = np.asarray(tubes).tolist(), np.asarray(labels).tolist()
        found = np.zeros(len(numbers), np.int64)
        together = self._together(numbers, boxes)
        for row in np.flatnonzero(together).tolist():
            self._join(row, numbers[row], self._tubes[numbers[row]][0], frame, boxes, classes, found)
        for row in sorted(np.flatnonzero(~together).tolist(), key=lambda row: numbers[row]):
            person = self._person_at(frame, classes[row], boxes[row])
            if person is None:
                self.count += 1
                person = self.count
            self._join(row, numbers[row], person, frame, boxes, classes, found)
        return found

    def _together(self, tubes: list[int], boxes: Reals) -> NDArray[np.bool_]:
        """Return for each tube of the frame, with its box [n, 4], whether it stays with the person that it has."""
        oldest: dict[int, int] = {}
        places = {tube: place for place, tube in enumerate(self._tubes)}  # a tube is put in when it gets its person
        for row, tube in enumerate(tubes):
            if tube in places:
                first = oldest.setdefault(self._tubes[tube][0], row)
                if places[tube] < places[tubes[first]]:
                    oldest[self._tubes[tube][0]] = row
        known = np.array([tube in places for tube in tubes], np.bool_)
        rows = np.flatnonzero(known)
        first_rows = [oldest[self._tubes[tubes[row]][0]] for row in rows.tolist()]
        stays = (pair_iou(boxes[rows], boxes[first_rows]) > self._part_iou) | (rows == first_rows)
        known[rows[~stays]] = False
        for row in rows[~stays].tolist():
            del self._tubes[tubes[row]]
        return known

    def _join(
        self, row: int, tube: int, number: int, frame: int, boxes: Reals, classes: list[int], found: Ints
    ) -> None:
        """Note that a tube on the frame belongs to a person."""
        person = self._people.setdefault(number, _Person(number, frame))
        if person.frame != frame:
            person.frame, person.boxes, person.labels = frame, [], set()
        person.boxes.append(boxes[row])
        person.labels.add(classes[row])
        self._tubes[tube] = number, frame
        found[row] = number

    def _person_at(self, frame: int, label: int, box: Reals) -> int | None:
        """Return the person to whom a new tube belongs; None for a new one."""
        here = [p for p in self._people.values() if p.frame == frame and label not in p.labels]
        before = [p for p in self._people.values() if p.frame < frame]
        best = _most_overlapping(here, box, 1.0, self._same_iou)
        return _most_overlapping(before, box, self._widening, self._next_iou) if best is None else best

    def _forget(self, frame: int) -> None:
        """Forget people and tubes that were last seen too long ago."""
        oldest = frame - self._memory
        self._people = {number: person for number, person in self._people.items() if person.frame >= oldest}
        self._tubes = {tube: (person, last) for tube, (person, last) in self._tubes.items() if last >= oldest}


def _most_overlapping(people: list[_Person], box: Reals, widening: float, least: float) -> int | None:
    """Return the person with the highest IoU with a box, float64 [4], if it is above `least`; boxes are widened."""
    if not people:
        return None
    boxes = np.stack([own for person in people for own in person.boxes])
    owners = [person.number for person in people for _ in person.boxes]
    overlap = pair_iou(widened(boxes, widening), widened(box, widening)[None])
    best = int(overlap.argmax())
    return owners[best] if overlap[best] > least else None
