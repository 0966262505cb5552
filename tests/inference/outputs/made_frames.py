"""Frames with tubes, made up: what outputs are given."""

from pathlib import Path

import numpy as np
import torch

from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameRows, FrameTube, TrackedFrame

SIZE = (320, 240)
CLASSES = ("run", "jump & roll", 'say "no"')


def facts(length=None, classes=CLASSES, file=None, name="match", **more):
    source = {"name": name, "source": f"{name}.mp4", "fps": 25.0, "width": SIZE[0], "height": SIZE[1], "live": False}
    return StreamFacts(**source, length=length, classes=classes, multi_hot=False, file=file, **more)


def tracked(frame, rows, size=SIZE, picture=None):
    """A frame; `rows` are (box in pixels, score, label, track, person), and the tubes have the same boxes."""
    boxes = np.array([row[0] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[1] for row in rows], np.float32)
    labels, tracks, people = (np.array([row[i] for row in rows], np.int64) for i in (2, 3, 4))
    found = {
        "boxes": torch.from_numpy(boxes / np.array([*size, *size], np.float32)),
        "scores": torch.from_numpy(scores),
        "labels": torch.from_numpy(labels),
    }
    picture = np.full((size[1], size[0], 3), frame % 256, np.uint8) if picture is None else picture
    tubes = [FrameTube(row[3], row[4], row[2], tuple(map(float, row[0])), 0.75) for row in rows if row[3]]
    result = FrameResult(frame, picture, found, frame / 25)
    return TrackedFrame(result, FrameRows(boxes, scores, labels, np.arange(len(rows))), tracks, people, tubes)


def written(output, frames, finish=True):
    """Give an output frames, and end it; return the output."""
    for frame in frames:
        output.write(frame)
    if finish:
        output.finish()
    output.close()
    return output


def names(folder: Path):
    return sorted(path.name for path in folder.iterdir())
