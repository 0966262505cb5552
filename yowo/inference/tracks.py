"""The track of each detection of a frame: the tube that it belongs to, and the person whose tube it is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.inference.frame_rows import FrameRows
from yowo.inference.streaming import FrameResult
from yowo.tubes.track_bank import greedy_matches, same_class

__all__ = ["NO_TRACK", "FrameRows", "FrameTube", "TrackedFrame", "tracks_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
NO_TRACK = 0
LEAST_IOU = 0.3
"""A detection belongs to a tube of its class whose box on the frame overlaps it by more than this."""


class FrameTube(NamedTuple):
    """A tube on a frame, also where no detection belongs to it.

    Attributes:
        track: Number of the tube, from 1.
        person: Number of its person, from 1.
        label: Class from 0.
        box: x1 y1 x2 y2 in pixels, as the linker has smoothed it.
        score: Of the tube so far, 0..1.
    """

    track: int
    person: int
    label: int
    box: tuple[float, float, float, float]
    score: float


class TrackedFrame(NamedTuple):
    """A frame, its detections, and the tracks that they belong to.

    Attributes:
        result: The frame.
        rows: Its detections, n rows.
        tracks: int64 [n], number of each row's track (its tube), from 1; `NO_TRACK` for a row without one.
        people: int64 [n], number of the person whom the tube of the row belongs to, from 1; `NO_TRACK` for a row
            without a tube. Tubes of several classes of a person share it, at the same time (AVA) or one after the
            other.
        tubes: The tubes that pass through the frame.
    """

    result: FrameResult
    rows: FrameRows
    tracks: Ints
    people: Ints
    tubes: Sequence[FrameTube] = ()


def tracks_of(rows: FrameRows, tubes: Iterable[tuple[int, int, Floats]]) -> Ints:
    """Return the track of each detection of a frame: every tube goes to the detection that it overlaps most.

    Args:
        rows: The n detections.
        tubes: Track number, class and box (x1 y1 x2 y2 in pixels) of the tubes that pass through the frame.

    Returns:
        int64 [n]; `NO_TRACK` for a detection that is in no tube.

    Examples:
        >>> two = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
        >>> rows = FrameRows(two, np.array([0.9, 0.8], np.float32), np.array([1, 1]), np.arange(2))
        >>> tracks_of(rows, [(7, 1, two[1] + 1), (8, 0, two[0])]).tolist()
        [0, 7]
    """
    tracks = np.full(len(rows.labels), NO_TRACK)
    known: Sequence[tuple[int, int, Floats]] = list(tubes)
    if known and len(tracks):
        boxes, own_boxes = np.stack([box for _, _, box in known]).astype(np.float64), rows.boxes_xyxy.astype(np.float64)
        which, own = same_class(np.array([label for _, label, _ in known]), rows.labels, boxes, own_boxes)
        overlap = pair_iou(boxes[which], own_boxes[own])
        near = overlap > LEAST_IOU
        which, own = greedy_matches(overlap[near], which[near], own[near])
        tracks[own] = np.array([number for number, _, _ in known])[which]
    return tracks
