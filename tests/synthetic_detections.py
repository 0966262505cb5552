"""Detections made from real annotation, in the manner of a detector: for tuning and testing linkers on videos that no
published figure is about.

Every actor is found with corners that jitter from frame to frame (up to a seventh of its size) around a place that is a
little wrong for the whole tube, has weaker copies, and is missed in single frames and in runs; how much of each differs
from video to video. Still things that look like the
action are there in every frame of a video with low scores, before, during and after it. Some videos have a weak track of
another class; strays of any class turn up anywhere.
"""

import numpy as np

from yowo.evaluation.detection_table import DetectionTable

WIDTH, HEIGHT = 320, 240


def detections_of(truth, num_frames, num_classes, seed):
    """Make a table of detections.

    Args:
        truth: Ground-truth tubes of each video by name, pixels of 320 x 240.
        num_frames: Frames of each video by name.
        num_classes: C.
        seed: Of everything.
    """
    random = np.random.default_rng(seed)
    rows = []
    for index, (name, tubes) in enumerate(truth.items()):
        frames = num_frames[name]
        empty = runs(random, frames, random.choice([0.02, 0.05, 0.2]))
        label = tubes[0].label if tubes else int(random.integers(num_classes))
        hardness = random.random()
        parts = [actor(random, tube, frames, hardness) for tube in tubes]
        levels = random.uniform(0.08, 0.3 + 0.2 * hardness, int(random.integers(1, 5)))
        parts += [still(random, label, frames, level) for level in levels]
        if random.random() < 0.2:
            parts.append(still(random, int(random.integers(num_classes)), frames, random.uniform(0.05, 0.35)))
        parts.append(strays(random, num_classes, frames))
        part = np.concatenate(parts)
        part = part[~empty[part[:, 0].astype(int)]]
        rows.append(np.column_stack([np.full(len(part), index), part]))
    table = np.concatenate(rows)
    table = table[np.lexsort((random.random(len(table)), table[:, 1], table[:, 0]))]
    boxes = np.clip(table[:, 4:], 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    boxes = np.concatenate([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1)
    return DetectionTable(
        videos=tuple(truth),
        num_frames=np.array([num_frames[name] for name in truth], np.int32),
        video=table[:, 0].astype(np.int32),
        frame=(table[:, 1] + 1).astype(np.int32),
        cls=table[:, 2].astype(np.int32),
        score=np.clip(table[:, 3], 0.01, 0.99).astype(np.float32),
        box=boxes.astype(np.float32),
    )


def runs(random, frames, share):
    """Mark about a `share` of frames, in runs of some frames."""
    marked = np.zeros(frames, dtype=bool)
    while marked.mean() < share * random.uniform(0.5, 1.5):
        start = random.integers(frames)
        marked[start : start + random.integers(1, 4 + frames // 10)] = True
    return marked


def jittered(random, boxes, size):
    scale = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return boxes + random.normal(0, size, boxes.shape) * scale


def actor(random, tube, frames, hardness):
    """Rows frame, class, score, box of one tube: itself, and weaker copies of it."""
    boxes = tube.boxes.astype(float)
    boxes = boxes + random.normal(0, random.uniform(0, 0.08), 4) * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    number = np.arange(tube.start, tube.start + len(boxes))
    level = 0.8 - 0.35 * hardness + random.normal(0, 0.04)
    level = level + 0.1 * np.sin(number / random.uniform(8, 40) + random.uniform(0, 6))
    parts = []
    for share, weaker, size in (
        (0.99 - 0.35 * hardness * random.random(), 0.0, 0.02 + 0.13 * hardness),
        (0.55, 0.25, 0.14),
        (0.2, 0.3, 0.2),
    ):
        there = random.random(len(boxes)) < share
        scores = random.normal(level - weaker, 0.1 + 0.15 * hardness)
        rows = np.column_stack([number, np.full(len(boxes), tube.label), scores, jittered(random, boxes, size)])
        parts.append(rows[there])
    found = np.concatenate(parts)
    return found[found[:, 0] < frames]


def still(random, label, frames, level):
    """Rows of a thing that hardly moves, in most frames of the video."""
    corner = random.uniform([0, 0], [WIDTH - 60, HEIGHT - 80])
    boxes = np.tile([*corner, *(corner + random.uniform([25, 40], [80, 120]))], (frames, 1))
    boxes = jittered(random, boxes, random.uniform(0.02, 0.08))
    scores = random.normal(level, random.uniform(0.05, 0.15), frames)
    kept = random.random(frames) < random.uniform(0.6, 1.0)
    return np.column_stack([np.arange(frames), np.full(frames, label), scores, boxes])[kept]


def strays(random, num_classes, frames):
    count = random.poisson(frames * 0.35)
    corner = random.uniform([0, 0], [WIDTH - 40, HEIGHT - 60], (count, 2))
    boxes = np.concatenate([corner, corner + random.uniform([20, 30], [90, 140], (count, 2))], axis=1)
    return np.column_stack(
        [random.integers(0, frames, count), random.integers(0, num_classes, count), random.beta(1.3, 4, count), boxes]
    )
