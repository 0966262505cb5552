"""How large people are at the network's input, how many share a cell of it, and which size of it suits them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import STRIDE
from yowo.projects.table import Extent, TableRow

Size = tuple[int, int]
SMALLEST, LARGEST = 96 * 128, 224 * 320
"""Areas in pixels between which an input size is suggested: the time of a training grows with the area, and the small
network on a CPU should take minutes (YOWO's papers: 224 x 224)."""
WANTED_SIDE = 16.0
"""Shorter side of the median person in pixels: half a cell of the network's grid."""
WANTED_SHARING = 0.1
"""Most people that should share a cell with another one, as a share."""
PERCENTS = (10, 50, 90)


class People(NamedTuple):
    """The annotated people: each person of a frame once, whatever number of actions they have.

    Attributes:
        frames: int64 [N], index into `places` of each person.
        boxes_norm: float64 [N, 4], x1 y1 x2 y2 as fractions of the picture, clipped to it.
        places: Video and frame number of each annotated frame.
        picture: Width and height in pixels of the picture that the median person stands in.
    """

    frames: NDArray[np.int64]
    boxes_norm: NDArray[np.float64]
    places: list[tuple[str, int]]
    picture: Size

    def sides(self, image_size: Size) -> NDArray[np.float64]:
        """Return width and height of each person in pixels of an input of this height and width, float64 [N, 2]."""
        height, width = image_size
        return np.asarray((self.boxes_norm[:, 2:] - self.boxes_norm[:, :2]) * (width, height))


class InputReport(NamedTuple):
    """The people at one size of the network's input, in its pixels.

    Attributes:
        image_size: Height and width of the input.
        widths: Width of the person that 10 %, half and 90 % of the people are narrower than.
        heights: The same of their heights.
        short_side: Median of the shorter side of a person.
        sharing: Share of the people whose middle is in a cell with another one's, 0..1; see `cells`.
    """

    image_size: Size
    widths: tuple[float, float, float]
    heights: tuple[float, float, float]
    short_side: float
    sharing: float

    def sentence(self) -> str:
        """Return the report in one line for a log."""
        return (
            f"{size_text(self.image_size)}: the median person is {self.heights[1]:.0f} pixels high and "
            f"{self.widths[1]:.0f} wide (80 % are {self.heights[0]:.0f} to {self.heights[2]:.0f} high), and "
            f"{100 * self.sharing:.0f} % share a cell of {STRIDE} pixels with another one"
        )


def size_text(image_size: Size) -> str:
    """Return a height and width as they are typed: `dataset.image_size=[192,256]`, of a square one number."""
    height, width = image_size
    return f"dataset.image_size={height if height == width else f'[{height},{width}]'}"


def people_of(rows: Sequence[TableRow], extents: Mapping[str, Extent]) -> People:
    """Find the people of rows; equal boxes of a frame are one person, boxes without area are left out.

    Args:
        rows: Rows with boxes in pixels.
        extents: Length and size of the videos; rows of other videos are ignored.

    Returns:
        The people, in the order of the rows.
    """
    once = dict.fromkeys((row.video, row.frame, row.box) for row in rows if row.video in extents)
    places = {place: number for number, place in enumerate(dict.fromkeys((video, frame) for video, frame, _ in once))}
    frames = np.array([places[video, frame] for video, frame, _ in once], dtype=np.int64)
    pictures = np.array([extents[video].size for video, _, _ in once], dtype=np.float64).reshape(-1, 2)
    boxes = np.array([box for _, _, box in once], dtype=np.float64).reshape(-1, 4)
    boxes = np.clip(boxes / np.tile(pictures, 2), 0, 1)
    there = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    typical = (0, 0)
    if there.any():
        by_shape = np.argsort(pictures[there].prod(axis=1), kind="stable")
        typical = tuple(pictures[there][by_shape[len(by_shape) // 2]].astype(int).tolist())
    return People(frames[there], boxes[there], list(places), typical)


def cells(people: People, image_size: Size) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the people in each cell of the network's grid by their middles.

    A network predicts as many boxes in a cell as it has anchors, and learns boxes from the cell with their middle.

    Args:
        people: The people.
        image_size: Height and width of the input in pixels.

    Returns:
        For each cell of a frame with anybody in it the frame, int64 [n], and the number of people, int64 [n].
    """
    rows, columns = image_size[0] // STRIDE, image_size[1] // STRIDE
    middle = (people.boxes_norm[:, :2] + people.boxes_norm[:, 2:]) / 2
    column, row = (np.minimum((middle * (columns, rows)).astype(np.int64), (columns - 1, rows - 1))).T
    cell, count = np.unique((people.frames * rows + row) * columns + column, return_counts=True)
    return cell // (rows * columns), count


def input_report(people: People, image_size: Size) -> InputReport:
    """Measure people at a size of the network's input.

    Args:
        people: At least one.
        image_size: Height and width in pixels.
    """
    sides = people.sides(image_size)
    widths, heights = np.percentile(sides, PERCENTS, axis=0).T.tolist()
    _, count = cells(people, image_size)
    sharing = float(count[count > 1].sum() / count.sum())
    return InputReport(image_size, tuple(widths), tuple(heights), float(np.median(sides.min(axis=1))), sharing)


def suggested_size(people: People) -> Size:
    """Suggest a size of the network's input: the cheapest at which most people are large enough to be told apart.

    It has about the aspect ratio of the videos, so that people keep their shape. Of the sizes between `SMALLEST` and
    `LARGEST` pixels it is the first where the median person's shorter side has `WANTED_SIDE` pixels and at most
    `WANTED_SHARING` of the people share a cell; otherwise the largest that does not enlarge the videos.

    Args:
        people: At least one.

    Returns:
        Height and width in pixels, multiples of `STRIDE`.

    Examples:
        >>> one = np.array([[0.2, 0.1, 0.32, 0.5]])
        >>> suggested_size(People(np.array([0]), one, [("clip", 0)], (1920, 1080)))
        (96, 160)
    """
    width, height = people.picture
    short, ratio = min(width, height), max(width, height) / min(width, height)
    sizes = []
    for side in range(STRIDE, int(LARGEST**0.5) + 1, STRIDE):
        long_side = max(STRIDE, round(side * ratio / STRIDE) * STRIDE)
        if SMALLEST <= side * long_side <= LARGEST:
            sizes.append((side, long_side) if width >= height else (long_side, side))
    sizes = sizes or [(STRIDE, STRIDE * 4) if width >= height else (STRIDE * 4, STRIDE)]
    chosen = sizes[0]
    for size in sizes:
        if min(size) >= short + STRIDE:  # pixels that the videos do not have
            break
        chosen = size
        report = input_report(people, size)
        if report.short_side >= WANTED_SIDE and report.sharing <= WANTED_SHARING:
            break
    return chosen
