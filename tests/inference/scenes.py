"""People who walk through a made-up video, as detections frame by frame."""

import numpy as np
import torch

from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameRows

SIZE = (320, 240)
"""Width and height in pixels."""
GHOST = 20
"""The frame with a box that is seen once."""


def boxes_of(frame):
    """Two people who walk apart, and a box that is there once; x1 y1 x2 y2 in pixels."""
    boxes = [[10 + frame, 10, 40 + frame, 90], [200 - frame, 10, 230 - frame, 90]]
    return np.array(boxes + ([[100, 200, 120, 240]] if frame == GHOST else []), np.float32)


def found_on(frame, multi_hot=False):
    """The detections of a frame: class 0; or both people do 0 and 1, the ghost does 0."""
    boxes = torch.from_numpy(boxes_of(frame) / np.array([*SIZE, *SIZE], np.float32))
    if multi_hot:
        scores = torch.tensor([[0.9, 0.8, 0.0]] * 2 + [[0.9, 0.0, 0.0]])[: len(boxes)]
        return {"boxes": boxes, "scores": scores, "confidence": scores.amax(dim=1)}
    return {"boxes": boxes, "scores": torch.full((len(boxes),), 0.9), "labels": torch.zeros(len(boxes)).long()}


def picture_of(frame):
    """A picture that tells its number, uint8 [240, 320, 3]."""
    return np.full((SIZE[1], SIZE[0], 3), frame % 256, np.uint8)


def scene(frame, multi_hot=False):
    """A frame and its rows."""
    found = found_on(frame, multi_hot)
    boxes, count = boxes_of(frame), len(boxes_of(frame))
    owners, labels = np.arange(count), np.zeros(count, np.int64)
    if multi_hot:
        owners, labels = (places.numpy() for places in found["scores"].nonzero(as_tuple=True))
        scores = found["scores"].numpy()[owners, labels]
    else:
        scores = found["scores"].numpy()
    rows = FrameRows(boxes[owners], scores, labels, owners)
    return FrameResult(frame, picture_of(frame), found, frame / 25), rows
