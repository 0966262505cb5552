"""Tubes on the frames between those that the network saw (`stride`): boxes and scores in between, or held."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.inference.frame_rows import FrameRows, as_detections
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameTube, TrackedFrame

Floats = NDArray[np.float32]


class Carried(NamedTuple):
    """A tube on a frame that the network saw.

    Attributes:
        label: Class from 0.
        person: Number of the person, from 1.
        box_xyxy: float32 [4], x1 y1 x2 y2 in pixels: that of its detection, else its own.
        score: 0..1, of its detection, else its own.
        start: First frame of the tube that the network saw, counted among those that it saw.
        path: The tube itself.
    """

    label: int
    person: int
    box_xyxy: Floats
    score: float
    start: int
    path: FrameTube


def between(before: Mapping[int, Carried], after: Mapping[int, Carried] | None, share: float) -> dict[int, Carried]:
    """Return the tubes on a frame between two that the network saw.

    Args:
        before: Tubes of the earlier frame, by number.
        after: Those of the later one: tubes that are on both move evenly from one to the other, and tubes that are on
            one only are left out. None if it is not known: all are held where they were.
        share: Where the frame is on the way from the earlier one (0) to the later one (1).
    """
    if after is None:
        return dict(before)
    return {
        number: old._replace(
            box_xyxy=old.box_xyxy + np.float32(share) * (new.box_xyxy - old.box_xyxy),
            score=old.score + share * (new.score - old.score),
            path=_moved(old.path, new.path, share),
        )
        for number, old in before.items()
        if (new := after.get(number)) is not None
    }


def _moved(old: FrameTube, new: FrameTube, share: float) -> FrameTube:
    x1, y1, x2, y2 = (before + share * (after - before) for before, after in zip(old.box, new.box, strict=True))
    return new._replace(box=(x1, y1, x2, y2))


def carried_frame(result: FrameResult, tubes: Mapping[int, Carried], num_classes: int | None) -> TrackedFrame:
    """Make the frame that has tubes but no detections of the network.

    Args:
        result: The frame; its detections are replaced.
        tubes: Its tubes, by number.
        num_classes: C where a person can have several classes, else None. The tubes of a person then share the box of
            the best one.
    """
    size = result.picture.shape[1], result.picture.shape[0]
    order = sorted(tubes, key=lambda number: -tubes[number].score)
    people = [tubes[number].person for number in order]
    first = {person: place for place, person in reversed(list(enumerate(people)))}
    owner = {person: place for place, person in enumerate(dict.fromkeys(people))}
    places = list(range(len(order))) if num_classes is None else [first[person] for person in people]
    boxes = np.array([tubes[order[place]].box_xyxy for place in places], np.float32).reshape(-1, 4)
    rows = FrameRows(
        boxes,
        np.array([tubes[number].score for number in order], np.float32),
        np.array([tubes[number].label for number in order], np.int64),
        np.array(places if num_classes is None else [owner[person] for person in people], np.int64),
    )
    found = as_detections(rows, size, num_classes)
    numbers, owners = np.array(order, np.int64), np.array(people, np.int64)
    return TrackedFrame(result._replace(detections=found), rows, numbers, owners, [tubes[n].path for n in order])
