"""A made video: an actor that acts, pauses and acts again, another that acts once, and a still thing that looks alike."""

import numpy as np

from yowo.contracts import Tube
from yowo.tubes.linking import VideoDetections

FRAMES = 160
PAUSING, STEADY = [(10, 50), (95, 140)], [(40, 120)]


def made_video(seed):
    """Detections with jitter, copies and misses; and the ground truth."""
    random = np.random.default_rng(seed)
    frames = np.arange(FRAMES, dtype=float)
    paths = (
        (np.stack([20 + 0.8 * frames, 30 + 0 * frames], 1), PAUSING),
        (np.stack([250 - 0.5 * frames, 120 + 10 * np.sin(frames / 20)], 1), STEADY),
        (np.stack([100 + 0 * frames, 10 + 0 * frames], 1), []),
    )
    rows, truth = [], []
    for corner, spans_of in paths:
        boxes = np.concatenate([corner, corner + np.array([50, 90])], axis=1)
        acts = np.zeros(FRAMES, dtype=bool)
        for start, stop in spans_of:
            acts[start:stop] = True
            truth.append(Tube(1, start, boxes[start:stop].astype(np.float32)))
        for weaker, share in ((0.0, 0.92), (0.25, 0.4)):
            there = random.random(FRAMES) < share
            scores = np.where(acts, 0.7, 0.2) - weaker * acts + random.normal(0, 0.1, FRAMES)
            jitter = boxes + random.normal(0, 4, boxes.shape)
            rows.append(np.column_stack([frames, np.ones(FRAMES), np.clip(scores, 0.01, 0.99), jitter])[there])
    table = np.concatenate(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    video = VideoDetections(
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        table[:, 2].astype(np.float32),
        table[:, 3:].astype(np.float32),
        FRAMES,
    )
    return video, truth


def spans(tubes):
    """First frame and frame after the last of each tube, by time."""
    return sorted((tube.start, tube.start + len(tube.boxes)) for tube in tubes)
