"""Draws tubes on the frames of a stream: boxes, who does what with what score, and the way that people came."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yowo.inference.colours import NEUTRAL, PEOPLE, Colour, class_colour, identity_colour
from yowo.inference.labels import Label, Line, Picture, draw_label, line_height, place_labels, text_size
from yowo.inference.tracks import NO_TRACK, FrameTube, TrackedFrame

SMALL_SIDE = 240
"""Pixels. Smaller pictures are enlarged by a whole factor until their short side is about this long."""
LARGE_SIDE = 1920
"""Pixels. Enlarging makes no side longer."""
TRAIL = 24
"""Frames over which the way of a person is drawn."""
TOP_ACTIONS = 3
"""Number of actions shown for a person who does several things."""
OUTLINE = np.array([16, 16, 20], np.uint8)
Point = tuple[float, float]


class Shown(NamedTuple):
    """What is drawn of one person.

    Attributes:
        person: Number, from 1; `NO_TRACK` for a detection that is in no tube.
        box: x1 y1 x2 y2 in pixels of the painted picture.
        score: The best of its actions.
        actions: Class and score, the best first.
        colour: Of its box.
    """

    person: int
    box: tuple[int, int, int, int]
    score: float
    actions: Sequence[tuple[int, float]]
    colour: Colour


class FramePainter:
    """Paints the frames of one source, in order; several outputs can share it, and each frame is painted once.

    Attributes:
        size: Width and height of the painted pictures in pixels.
    """

    def __init__(
        self, names: Sequence[str], size: tuple[int, int], colour: str = "tube", scale: float | None = None
    ) -> None:
        """Start before the first frame.

        Args:
            names: Names of the C classes.
            size: Width and height of the source in pixels.
            colour: What colours distinguish: "tube" (people; detections without a tube are grey) or "class".
            scale: Factor of enlargement above 0; None enlarges pictures that are too small for labels.
        """
        usual = max(1, min(round(SMALL_SIDE / min(size)), LARGE_SIDE // max(size)))
        factor = usual if scale is None else scale
        self.size = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
        self._names, self._by_person = names, colour == "tube"
        self._enlarge = np.array([self.size[0] / size[0], self.size[1] / size[1]] * 2)
        self._text, self._line = text_size(min(self.size)), max(2, min(self.size) // 240)
        self._colours: dict[int, int] = {}
        self._seen: dict[int, int] = {}
        self._ways: dict[int, tuple[deque[tuple[float, float]], Colour]] = {}
        self._places: dict[int, int] = {}
        self._last: tuple[TrackedFrame, Picture] | None = None

    def paint(self, frame: TrackedFrame) -> Picture:
        """Return the frame with what was found on it.

        Args:
            frame: The next frame, or the same object again.

        Returns:
            uint8 [H', W', 3], RGB, of the size `size`; not to be changed, because others may have it too.
        """
        if self._last is not None and self._last[0] is frame:
            return self._last[1]
        picture = enlarged_to(frame.result.picture, self.size)
        people = self.people(frame)
        self._follow(frame.result.frame, people)
        draw_ways(picture, list(self._ways.values()), self._line)
        for one in reversed(people):
            draw_box(picture, one.box, one.colour, self._line if one.person else max(1, self._line // 2))
        self._write(picture, people)
        picture.setflags(write=False)
        self._last = (frame, picture)
        return picture

    def people(self, frame: TrackedFrame) -> list[Shown]:
        """Return who is drawn on a frame, the best score first: one for each person, and for each box without a tube.

        A person whom the network missed is where the tubes are.

        Args:
            frame: The frame.
        """
        rows = frame.rows
        who: dict[int, int] = {}
        for owner, person in zip(rows.owners.tolist(), frame.people.tolist(), strict=True):
            if person != NO_TRACK:
                who.setdefault(owner, person)
        boxes = self._inside(rows.boxes_xyxy)
        found: dict[int, tuple[int, list[tuple[int, float]]]] = {}
        order = np.argsort(-rows.scores, kind="stable").tolist()
        for row in order:
            owner = int(rows.owners[row])
            key = who.get(owner, -1 - owner)
            actions = found.setdefault(key, (row, []))[1]
            if int(rows.labels[row]) not in (label for label, _ in actions):
                actions.append((int(rows.labels[row]), float(rows.scores[row])))
        now = frame.result.frame
        shown = [self._shown(max(key, NO_TRACK), boxes[row], actions, now) for key, (row, actions) in found.items()]
        for person, tubes in _without_rows(frame, set(found)).items():
            actions = [(tube.label, tube.score) for tube in tubes]
            shown.append(self._shown(person, self._inside(np.array([tubes[0].box]))[0], actions, now))
        return sorted(shown, key=lambda one: -one.score)

    def _inside(self, boxes_xyxy: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return boxes [n, 4] in pixels of the source as whole pixels of the painted picture, inside of it."""
        inside: NDArray[np.floating] = np.rint(boxes_xyxy * self._enlarge)
        return inside.clip(0, [self.size[0] - 1, self.size[1] - 1] * 2)

    def _shown(self, person: int, box: NDArray[np.floating], actions: Sequence[tuple[int, float]], now: int) -> Shown:
        x1, y1, x2, y2 = (int(side) for side in box)
        colour = self._colour_of(person, now) if self._by_person else class_colour(actions[0][0])
        inside = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        return Shown(person, inside, actions[0][1], actions[:TOP_ACTIONS], colour)

    def colours(self, frame: TrackedFrame) -> list[Colour]:
        """Return the colour of each row of a frame, (red, green, blue) of 0..255, as its box is painted.

        Args:
            frame: The frame.
        """
        if not self._by_person:
            return [class_colour(label) for label in frame.rows.labels.tolist()]
        return [self._colour_of(person, frame.result.frame) for person in frame.people.tolist()]

    def _colour_of(self, person: int, now: int | None = None) -> Colour:
        """Return a person's colour; a new person gets one that nobody has who was seen lately."""
        if person == NO_TRACK:
            return NEUTRAL
        if person not in self._colours:
            in_use = set(self._colours.values())
            wanted = (person - 1) % PEOPLE
            free = [(wanted + step) % PEOPLE for step in range(PEOPLE) if (wanted + step) % PEOPLE not in in_use]
            self._colours[person] = free[0] if free else wanted
        if now is not None:
            self._seen[person] = now
        return identity_colour(1 + self._colours[person])

    def _follow(self, now: int, people: Sequence[Shown]) -> None:
        """Note where people are, and forget those who have gone."""
        for one in people:
            if one.person:
                way = self._ways[one.person][0] if one.person in self._ways else deque(maxlen=TRAIL + 1)
                way.append(((one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2))
                self._ways[one.person] = (way, one.colour)
                self._seen[one.person] = now
        for person in [person for person, last in self._seen.items() if now - last > TRAIL]:
            for known in (self._seen, self._ways, self._colours):
                known.pop(person, None)
        for person in self._ways.keys() - {one.person for one in people}:
            way, _ = self._ways[person]
            if len(way) > 1:
                way.popleft()

    def _write(self, picture: Picture, people: Sequence[Shown]) -> None:
        """Write the labels, the best score last, on top."""
        labels = [Label(one.box, self._lines(one), self._places.get(one.person)) for one in people]
        placed = place_labels(labels, self.size, self._text)
        self._places = {}
        for one, label, place in reversed(list(zip(people, labels, placed, strict=True))):
            if place is None:
                continue
            if place.place is None:
                centre = (place.corner[0] + place.size[0] / 2, place.corner[1] + line_height(self._text) / 2)
                draw_ways(picture, [((centre, one.box[:2]), one.colour)], max(1, self._line // 2))
            elif one.person:
                self._places[one.person] = place.place
            draw_label(picture, place, label, self._text)

    def _lines(self, one: Shown) -> list[Line]:
        number = f"{one.person} " if one.person else ""
        lines = []
        for place, (label, score) in enumerate(one.actions):
            colour = one.colour if self._by_person else class_colour(label)
            lines.append(Line(f"{'' if place else number}{self._names[label]}", f"{score:.2f}", colour))
        return lines


def _without_rows(frame: TrackedFrame, drawn: set[int]) -> dict[int, list[FrameTube]]:
    """Return the tubes of people who have no detection on a frame, by person, the best score first."""
    found: dict[int, list[FrameTube]] = {}
    for tube in sorted(frame.tubes, key=lambda tube: -tube.score):
        if tube.person not in drawn:
            found.setdefault(tube.person, []).append(tube)
    return found


def enlarged_to(frame: Picture, size: tuple[int, int]) -> Picture:
    """Return a copy of a frame, uint8 [H, W, 3], in another size (width, height) if it has another one."""
    if (frame.shape[1], frame.shape[0]) == size:
        return frame.copy()
    resized: Picture = np.array(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))
    return resized


def draw_box(picture: Picture, box: tuple[int, int, int, int], colour: Colour, width: int) -> None:
    """Draw the outline of a box, x1 y1 x2 y2 in pixels, its lines inside of it.

    Args:
        picture: uint8 [H, W, 3], RGB; it is changed.
        box: Inside the picture.
        colour: (red, green, blue).
        width: Of the lines in pixels.
    """
    x1, y1, x2, y2 = box[0], box[1], box[2] + 1, box[3] + 1
    inner = (max(x1, x2 - width), max(y1, y2 - width))
    picture[y1 : y1 + width, x1:x2] = colour
    picture[inner[1] : y2, x1:x2] = colour
    picture[y1:y2, x1 : x1 + width] = colour
    picture[y1:y2, inner[0] : x2] = colour


def draw_ways(picture: Picture, ways: Sequence[tuple[Sequence[Point], Colour]], width: int) -> None:
    """Draw lines from point to point, with a dark edge that covers no other; ways under a pixel are left out.

    Args:
        picture: uint8 [H, W, 3], RGB, with its pixels one after the other in memory; it is changed.
        ways: Points, x and y in pixels, and the colour (red, green, blue) of each.
        width: Of the lines in pixels.
    """
    drawn = [(np.array(points, np.float64).reshape(-1, 2), colour) for points, colour in ways]
    drawn = [(points, colour) for points, colour in drawn if np.abs(np.diff(points, axis=0)).max(axis=1).sum() >= 1]
    if not drawn:
        return
    starts = np.concatenate([points[:-1] for points, _ in drawn])
    steps = np.concatenate([np.diff(points, axis=0) for points, _ in drawn])
    colours = np.repeat(np.array([colour for _, colour in drawn], np.uint8), [len(p) - 1 for p, _ in drawn], axis=0)
    counts = np.ceil(np.abs(steps).max(axis=1)).astype(np.int64) + 1
    line = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(line)) - (np.cumsum(counts) - counts)[line]
    share = place / np.maximum(counts - 1, 1)[line]
    middle = np.rint(starts[line] + share[:, None] * steps[line]).astype(np.int64)
    height, across = picture.shape[:2]
    pixels = picture.reshape(-1, 3)
    for reach, ink in ((width + 2, OUTLINE), (width, colours[line][:, None, None])):
        offsets = np.arange(reach) - reach // 2
        xs = np.minimum(np.maximum(middle[:, 0, None] + offsets, 0), across - 1)
        ys = np.minimum(np.maximum(middle[:, 1, None] + offsets, 0), height - 1)
        pixels[ys[:, :, None] * across + xs[:, None, :]] = ink
