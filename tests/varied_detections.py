"""Detections made from real annotation with other noise than tests/synthetic_detections.py, to see that linkers do not
depend on one kind.

What is seen in a video: each actor during its action with high scores, and before and after it with low ones; weaker copies
of both; another class on an actor's place; things that hardly move; strays; frames and runs of frames without any
detection. One video in twenty has its actors missed altogether.
"""

from dataclasses import dataclass

import numpy as np

from tests.synthetic_detections import HEIGHT, WIDTH
from yowo.evaluation.detection_table import DetectionTable


@dataclass(frozen=True)
class Noise:
    """Ranges that each video's own values are drawn from, evenly.

    Attributes:
        score: Mean score of an actor during its action.
        idle_score: Mean score before and after it.
        spread: Concentration of the beta distribution of scores; small is wide.
        jitter: Standard deviation of corners, as a share of the box's size.
        memory: Correlation of one frame's jitter with the next one's.
        seen: Share of frames in which an actor is detected.
        swing: How much an actor's mean score rises and falls in the course of its action.
        empty_runs: Share of videos with runs of empty frames.
    """

    score: tuple[float, float]
    idle_score: tuple[float, float]
    spread: float
    jitter: tuple[float, float]
    memory: float = 0.0
    seen: tuple[float, float] = (0.85, 0.99)
    swing: float = 0.0
    empty_runs: float = 0.35


NOISE = {
    "clean": Noise((0.5, 0.85), (0.05, 0.2), 8.0, (0.02, 0.06)),
    "usual": Noise((0.33, 0.75), (0.15, 0.25), 3.0, (0.03, 0.12)),
    "swinging": Noise((0.35, 0.75), (0.1, 0.3), 3.0, (0.03, 0.1), memory=0.6, swing=0.12),
    "hard": Noise((0.25, 0.6), (0.12, 0.3), 3.0, (0.06, 0.16), memory=0.2, seen=(0.6, 0.95), empty_runs=0.6),
}


def varied_detections(truth, num_frames, num_classes, noise, seed):
    """Make a table of detections; see `detections_of`."""
    random = np.random.default_rng(seed)
    tables = []
    for index, (name, tubes) in enumerate(truth.items()):
        rows = video_rows(random, tubes, num_frames[name], num_classes, noise)
        tables.append(np.column_stack([np.full(len(rows), index), rows]))
    table = np.concatenate(tables)
    table = table[np.lexsort((random.random(len(table)), table[:, 1], table[:, 0]))]
    boxes = np.clip(table[:, 4:], 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    whole = (boxes[:, 2:] - boxes[:, :2] > 1).all(axis=1)
    table, boxes = table[whole], boxes[whole]
    return DetectionTable(
        videos=tuple(truth),
        num_frames=np.array([num_frames[name] for name in truth], np.int32),
        video=table[:, 0].astype(np.int32),
        frame=(table[:, 1] + 1).astype(np.int32),
        cls=table[:, 2].astype(np.int32),
        score=np.clip(table[:, 3], 0.01, 0.99).astype(np.float32),
        box=boxes.astype(np.float32),
    )


def video_rows(random, tubes, frames, num_classes, noise):
    """Rows frame, class, score, box of one video."""
    label = tubes[0].label
    missed = random.random() < 0.05
    parts = [] if missed else [actor(random, tube, frames, noise) for tube in tubes]
    parts += [weak(random, label, still(random, frames)) for _ in range(random.integers(0, 3))]
    if random.random() < 0.55:
        place = whole_video(random, tubes[random.integers(len(tubes))], frames)[0]
        parts.append(weak(random, int(random.integers(num_classes)), place))
    if random.random() < 0.2:
        parts.append(weak(random, int(random.integers(num_classes)), still(random, frames)))
    parts.append(strays(random, label, num_classes, frames))
    rows = np.concatenate(parts)
    return rows[~empty_frames(random, frames, noise)[rows[:, 0].astype(int)]]


def whole_video(random, tube, frames):
    """Where an actor is in every frame, walking off slowly before and after its action; and in which frames it acts."""
    number = np.arange(frames)
    ahead = np.clip(tube.start - number, 0, None)
    behind = np.clip(number - tube.start - len(tube.boxes) + 1, 0, None)
    boxes = tube.boxes[np.clip(number - tube.start, 0, len(tube.boxes) - 1)].astype(float)
    speed = random.uniform(-0.5, 0.5) * np.array([1, 0.3, 1, 0.3])
    return boxes + (ahead + behind)[:, None] * speed, (ahead == 0) & (behind == 0)


def jittered(random, boxes, size, memory):
    noise = random.normal(0, 1, boxes.shape)
    for frame in range(1, len(noise) if memory else 0):
        noise[frame] = memory * noise[frame - 1] + np.sqrt(1 - memory**2) * noise[frame]
    return boxes + noise * size * np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def scores_around(random, mean, spread, count):
    mean = np.clip(mean, 0.03, 0.97)
    return random.beta(mean * spread, (1 - mean) * spread, count)


def actor(random, tube, frames, noise):
    boxes, acts = whole_video(random, tube, frames)
    boxes = boxes + random.normal(0, 0.03, 4) * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    number = np.arange(frames)
    score = random.uniform(*noise.score)
    swing = noise.swing * np.sin(number / random.uniform(8, 40) + random.uniform(0, 6))
    mean = np.where(acts, score, min(random.uniform(*noise.idle_score), 0.7 * score)) + swing
    jitter, seen = random.uniform(*noise.jitter), random.uniform(*noise.seen)
    parts = []
    for share, weaker, wilder in ((seen, 1.0, 1.0), (0.8 * seen, 0.6, 1.6), (0.15, 0.4, 2.0)):
        scores = scores_around(random, weaker * mean, noise.spread, frames)
        places = jittered(random, boxes, wilder * jitter, noise.memory)
        there = random.random(frames) < share * np.where(acts, 1.0, 0.6)
        parts.append(np.column_stack([number, np.full(frames, tube.label), scores, places])[there])
    return np.concatenate(parts)


def still(random, frames):
    corner = random.uniform([0, 0], [WIDTH - 60, HEIGHT - 80])
    box = np.array([*corner, *(corner + random.uniform([25, 40], [80, 120]))])
    return box + np.outer(np.arange(frames), random.uniform(-0.3, 0.3) * np.array([1, 0.3, 1, 0.3]))


def weak(random, label, boxes):
    """A weak class at a place, in the whole video or a part of it."""
    frames = len(boxes)
    first, last = sorted(random.integers(0, frames + 1, 2)) if random.random() < 0.5 else (0, frames)
    number = np.arange(frames)
    there = (number >= first) & (number < last) & (random.random(frames) < random.uniform(0.5, 1))
    scores = scores_around(random, random.uniform(0.08, 0.4), 6.0, frames)
    return np.column_stack([number, np.full(frames, label), scores, jittered(random, boxes, 0.06, 0)])[there]


def strays(random, label, num_classes, frames):
    count = random.poisson(0.5 * frames)
    corner = random.uniform([0, 0], [WIDTH - 40, HEIGHT - 60], (count, 2))
    labels = np.where(random.random(count) < 0.5, label, random.integers(0, num_classes, count))
    boxes = np.concatenate([corner, corner + random.uniform([20, 30], [90, 140], (count, 2))], axis=1)
    return np.column_stack([random.integers(0, frames, count), labels, random.beta(1.3, 4, count), boxes])


def empty_frames(random, frames, noise):
    empty = random.random(frames) < 0.02
    if random.random() < noise.empty_runs:
        for _ in range(random.integers(1, 4)):
            start = random.integers(frames)
            empty[start : start + random.integers(3, 25)] = True
    return empty
