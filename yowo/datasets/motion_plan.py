"""Planning of the videos of the `motion` data set: the trajectories of actors and camera, before drawing.

No single frame reveals an action: position, size and angle have the same distributions for all actions. For every
action, trajectories of x, y and size are sampled over its length. The action follows only its own one (`grow` the size,
`move_left` the x coordinate); the other quantities are constant at a random value of their trajectories.

Lengths and speeds are given for pictures of 160 x 120 pixels and scale with the picture size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # importing torch would slow down the start of the drawing processes
    from yowo.data.key_frames import Split

CLASSES = ("move_left", "move_right", "move_up", "move_down", "grow", "shrink", "spin", "swing")
LIVE = {"move_left": 0, "move_right": 0, "move_up": 1, "move_down": 1, "grow": 2, "shrink": 2}
"""Column of `Actor.states` that changes at a constant rate during an action."""
FALLING = ("move_left", "move_up", "shrink")
"""Actions whose column decreases."""
SPLITS = ("train", "val")

MIN_FRAMES = 16
"""Smallest number of frames of a video."""
MIN_ACTION = 14
"""Smallest length of an action in frames, including the first `ONSET` frames."""
ONSET = 2
"""Number of frames at the start of an action that are not annotated, because no motion is visible on the first one."""
MARGIN = 24.0
"""Smallest distance between the centre of a figure and the border, in pixels."""
SIDES = (32.0, 68.0)
"""Smallest and largest side of a figure in pixels."""
SPEEDS = (2.0, 3.4)
"""Range of the speed of the four moves in pixels per frame."""
RATES = (0.042, 0.065)
"""Range of the relative change of size per frame of `grow` and `shrink`."""
SPINS = (15.0, 26.0)
"""Range of the angular speed of `spin` in degrees per frame."""
AMPLITUDES, PERIODS, LEVER = (28.0, 40.0), (9.0, 12.0), 0.55
"""Of `swing`: range of the amplitude in degrees, range of the period in frames, distance of the pivot from the centre
as a multiple of the figure's side."""
MAX_OVERLAP = 0.3
"""Largest overlap of two actors' boxes on a frame as a fraction of the smaller box; their IoU then stays below 0.18."""
ACTOR_COUNTS = (0.32, 0.34, 0.22, 0.12)
"""Probability of one, two, three and four planned actors."""
WANDER, JITTER, IDLE_JITTER = 4.0, 0.6, 0.35
"""In pixels: largest camera offset by slow drift, largest camera jitter per frame, standard deviation of the jitter of
an actor that stands still."""
TRIES = 40
"""Number of attempts to place an actor without too much overlap; after that it is dropped."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """The shape and texture of a figure.

    Attributes:
        outline: float64 [P, 2], x y of the corners relative to the centre, at most 0.55 from it, in units of the side.
        look: Random seed of the texture.
    """

    outline: Floats
    look: int


@dataclass(frozen=True, slots=True)
class Actor:
    """A figure that performs an action.

    Attributes:
        figure: Its shape and texture.
        label: Index into `CLASSES`.
        start: First annotated frame, `ONSET` frames after the action starts, so that motion is visible.
        stop: Frame after the last annotated one; before and after the action, the actor stands still.
        states: float64 [T, 4], one row per frame of the video: centre x, centre y and side in pixels, angle in
            radians, without the motion of the camera.
    """

    figure: Figure
    label: int
    start: int
    stop: int
    states: Floats


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a video.

    Attributes:
        split: Split that determines the hues, "train" or "val".
        size: Width and height in pixels.
        camera: float64 [T, 2], one row per frame: x y shift of the whole scene in pixels.
        actors: One to four actors; later ones are drawn in front.
        distractors: Static figures behind the actors, each with its state, float64 [4] as in `Actor`.
        backdrop: Random seed of the background.
    """

    split: Split
    size: tuple[int, int]
    camera: Floats
    actors: tuple[Actor, ...]
    distractors: tuple[tuple[Figure, Floats], ...]
    backdrop: int


def plan_video(split: Split, index: int, num_frames: int, size: tuple[int, int], seed: int = 0) -> Plan:
    """Plan one video; the same arguments give the same plan.

    Args:
        split: "train" or "val".
        index: Number of the video in its split; the class of the first actor is `index` modulo 8.
        num_frames: Number of frames T, at least `MIN_FRAMES`.
        size: Width and height in pixels.
        seed: Random seed of the data set.
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, SPLITS.index(split), index]))
    count = 1 + int(random.choice(len(ACTOR_COUNTS), p=ACTOR_COUNTS))
    actors: list[Actor] = []
    boxes: list[Floats] = []
    for place in range(count):
        label = index % len(CLASSES) if place == 0 else int(random.integers(len(CLASSES)))
        for _ in range(TRIES):
            actor = _plan_actor(random, label, num_frames, size)
            box = outline_boxes(actor.figure.outline, actor.states)
            if all(_overlap(box, other) <= MAX_OVERLAP for other in boxes):
                actors.append(actor)
                boxes.append(box)
                break
    return Plan(
        split=split,
        size=size,
        camera=_plan_camera(random, num_frames, _scale(size)),
        actors=tuple(actors),
        distractors=tuple(_plan_distractor(random, size) for _ in range(int(random.integers(1, 3)))),
        backdrop=int(random.integers(2**31)),
    )


def outline_boxes(outline: Floats, states: Floats) -> Floats:
    """Return the tight boxes of a figure, ignoring the picture border and occlusion by other figures.

    Args:
        outline: float64 [P, 2], as in `Figure`.
        states: float64 [T, 4], as in `Actor`.

    Returns:
        float64 [T, 4], x1 y1 x2 y2 in pixels.
    """
    cos, sin = np.cos(states[:, 3:]), np.sin(states[:, 3:])
    x = outline[:, 0] * cos - outline[:, 1] * sin
    y = outline[:, 0] * sin + outline[:, 1] * cos
    corners = np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], axis=1)
    return corners * states[:, 2:3] + states[:, [0, 1, 0, 1]]


def _scale(size: tuple[int, int]) -> float:
    return min(size[0] / 160, size[1] / 120)


def _overlap(first: Floats, second: Floats) -> float:
    """Return the largest overlap over T frames of two boxes, float64 [T, 4], as a fraction of the smaller box."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    return float((shared / np.minimum(*areas)).max())


def _plan_figure(random: np.random.Generator) -> Figure:
    """Sample a polygon, a star, a flower or a blob whose farthest point is 0.55 from the centre."""
    kind = random.integers(4)
    if kind == 0:  # polygon
        count = int(random.integers(3, 8))
        turn = (np.arange(count) + random.uniform(-0.22, 0.22, count)) * 2 * np.pi / count
        radius = random.uniform(0.72, 1.0, count)
    elif kind == 1:  # star
        count = 2 * int(random.integers(4, 8))
        turn = np.arange(count) * 2 * np.pi / count
        radius = np.where(np.arange(count) % 2, random.uniform(0.5, 0.72), random.uniform(0.85, 1.0, count))
    else:  # flower, or blob: a few waves around a circle
        turn = np.arange(48) * 2 * np.pi / 48
        waves = [int(random.integers(3, 7))] if kind == 2 else [2, 3, 5]
        size = 0.16 if kind == 2 else 0.11
        heights = [random.uniform(0.5, 1) * size * np.cos(n * turn + random.uniform(0, 2 * np.pi)) for n in waves]
        radius = 1 + np.sum(heights, axis=0)
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    points *= np.sqrt(np.exp(random.uniform(-0.35, 0.35, 2)))
    points -= (points.max(0) + points.min(0)) / 2
    return Figure(points * 0.55 / np.linalg.norm(points, axis=1).max(), int(random.integers(2**31)))


def _plan_distractor(random: np.random.Generator, size: tuple[int, int]) -> tuple[Figure, Floats]:
    side = np.exp(random.uniform(*np.log(SIDES))) * _scale(size)
    centre = random.uniform(0, size, 2)
    return _plan_figure(random), np.array([*centre, side, random.uniform(0, 2 * np.pi)])


def _plan_camera(random: np.random.Generator, num_frames: int, scale: float) -> Floats:
    """Return camera shifts, float64 [T, 2] in pixels: a smooth random walk within `WANDER`, plus jitter per frame."""
    velocity, place = np.zeros(2), random.uniform(-1, 1, 2)
    walk = np.empty((num_frames, 2))
    for frame in range(num_frames):
        velocity = 0.9 * velocity + random.normal(0, 0.12, 2) - 0.01 * place
        place = np.clip(place + velocity, -WANDER, WANDER)
        walk[frame] = place
    return scale * (walk + random.uniform(-JITTER, JITTER, (num_frames, 2)))


def _plan_actor(random: np.random.Generator, label: int, num_frames: int, size: tuple[int, int]) -> Actor:
    """Plan an actor that acts for the whole video or, with probability 0.5, for a part of it."""
    scale, count = _scale(size), num_frames
    if random.random() < 0.5 and num_frames > MIN_FRAMES:
        count = int(random.integers(MIN_FRAMES, max(MIN_FRAMES, num_frames - 6) + 1))
    path = _plan_path(random, CLASSES[label], count, size)
    begin = int(random.integers(num_frames - len(path) + 1))
    row = np.clip(np.arange(num_frames) - begin, 0, len(path) - 1)
    states = path[row]
    stop = begin + len(path)
    waiting = np.ones((num_frames, 1))
    waiting[begin:stop] = 0
    states += waiting * random.normal(0, [IDLE_JITTER * scale, IDLE_JITTER * scale, 0, 0.015], (num_frames, 4))
    return Actor(_plan_figure(random), label, begin + ONSET, stop, states)


def _plan_path(random: np.random.Generator, name: str, count: int, size: tuple[int, int]) -> Floats:
    """Return the states, float64 [n, 4], of an action of `count` frames, or fewer if it reaches a limit earlier."""
    scale = _scale(size)
    margin, speeds = MARGIN * scale, (SPEEDS[0] * scale, SPEEDS[1] * scale)
    glides = [
        _glide(random, count, (margin, size[0] - margin), speeds),
        _glide(random, count, (margin, size[1] - margin), speeds),
        np.exp(_glide(random, count, (np.log(SIDES[0] * scale), np.log(SIDES[1] * scale)), np.log1p(RATES))),
    ]
    live = LIVE.get(name)
    length = count if live is None else len(glides[live])
    states = np.empty((length, 4))
    for column, glide in enumerate(glides):
        states[:, column] = glide if column == live else random.choice(glide)
    if name in FALLING:
        states[:, live] = states[::-1, live].copy()
    states[:, 3] = random.uniform(0, 2 * np.pi)
    if name == "spin":
        states[:, 3] += np.deg2rad(random.uniform(*SPINS)) * random.choice([-1, 1]) * np.arange(length)
    if name == "swing":
        states = _sway(random, states, margin, size)
    return states


def _glide(
    random: np.random.Generator, count: int, limits: tuple[float, float], speeds: tuple[float, float] | Floats
) -> Floats:
    """Return `count` evenly rising values within the limits, or fewer if they do not fit even at the lowest speed."""
    room = limits[1] - limits[0]
    count = min(count, 1 + int(room / speeds[0]))
    speed = random.uniform(speeds[0], max(speeds[0], min(speeds[1], room / (count - 1))))
    first = limits[0] + random.uniform(0, room - speed * (count - 1))
    return np.asarray(first + speed * np.arange(count), dtype=np.float64)


def _sway(random: np.random.Generator, states: Floats, margin: float, size: tuple[int, int]) -> Floats:
    """Return states, float64 [n, 4], swinging around a pivot above the figure, at the given place on a random frame."""
    period, phase = random.uniform(*PERIODS), random.uniform(0, 2 * np.pi)
    amplitude = np.deg2rad(random.uniform(*AMPLITUDES))
    turn = amplitude * np.sin(2 * np.pi * np.arange(len(states)) / period + phase)
    lever = LEVER * states[0, 2]
    from_pivot = lever * np.stack([-np.sin(turn), np.cos(turn)], axis=1)
    low, high = np.full(2, margin), np.array(size) - margin
    centres = states[:, :2] + from_pivot - from_pivot[random.integers(len(states))]
    centres += np.clip(low - centres.min(0), 0, None) - np.clip(centres.max(0) - high, 0, None)
    return np.column_stack([centres, states[:, 2], states[:, 3] + turn])
