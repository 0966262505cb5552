"""Every structure that passes between modules, with shape, dtype and unit.

Letters: B clips of a batch, K frames of a clip, H and W height and width of the network's input in pixels, N boxes of a
clip, C classes, M predictions of a clip (over all levels of the network, see `Level`), A anchors of a cell.
Frames and classes are counted from 0. Files of other programs may count differently; the modules that read and write
them convert.
`boxes_norm` are x1, y1, x2, y2 as fractions 0..1 of the picture, `boxes_xyxy` the same in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # scoring a file of detections imports this module, but must not wait for torch to be imported
    from torch import Tensor
    from typing_extensions import NotRequired

Array = NDArray[np.generic]
STRIDE = 32
"""Width and height in pixels of the coarsest cell of every network in this package.

`dataset.image_size` must be a multiple of it. Networks, losses and detections use the strides of their own levels.
"""


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """The key frame of a clip with its annotation.

    Attributes:
        video: Name of the video, unique in the data set, such as "Basketball/v_Basketball_g01_c02".
        path: Video file, or folder of pictures.
        backend: Reader that opens it, as found by `yowo.video.probe`; "auto" where it was not probed.
        frame: Position of the key frame in the video, counted from 0.
        num_frames: Frames of the video.
        size: Width and height in pixels of the picture that the data set's protocol measures boxes on.
        boxes_norm: float32 [N, 4], x1 y1 x2 y2 as fractions of the picture.
        labels: int64 [N] for one-hot data sets; float32 [N, C] of zeros and ones where a person can do several things
            at the same time.
    """

    video: str
    path: str
    backend: str
    frame: int
    num_frames: int
    size: tuple[int, int]
    boxes_norm: NDArray[np.float32]
    labels: Array


class Target(TypedDict):
    """Ground truth of one clip's key frame, as the losses take it.

    `boxes`: float32 [N, 4], 0..1. `labels`: int64 [N], or float32 [N, C] multi-hot.
    """

    boxes: Tensor
    labels: Tensor


class Sample(NamedTuple):
    """What a data loading worker returns for one key frame.

    Attributes:
        position: Index in the split, from 0. Metrics use it to recognise repeated samples.
        size: Width and height in pixels of the picture that the data set's protocol measures boxes on.
        frames: uint8 [K, 3, h, w], RGB, in the video's own size, key frame last.
        target: Ground truth on the key frame.
    """

    position: int
    size: tuple[int, int]
    frames: Tensor
    target: Target


class ClipBatch(NamedTuple):
    """What the LightningModule receives.

    Attributes:
        positions: Index of each clip in its split, B integers.
        sizes: Width and height in pixels of the picture that the protocol measures the boxes of each clip on.
        clips: As the workers return them: a list of B uint8 tensors [K, 3, h, w] of any size. On the device, after
            resizing, augmentation and normalisation: float [B, 3, K, H, W].
        targets: B targets.
    """

    positions: list[int]
    sizes: list[tuple[int, int]]
    clips: Tensor | list[Tensor]
    targets: list[Target]


class SharedFrames(NamedTuple):
    """The frames of clips that overlap, each once, see `yowo.data.sliding`.

    A window of frames grows from batch to batch of a worker, and loses what no later clip needs.

    Attributes:
        frames: The frames that the batch adds to the window: uint8 [n, 3, h, w] for each of its videos.
        rows: int64 [B, K], for each clip the places of its frames in the window.
        worker: Number of the worker, from 0.
        dropped: Number of frames that the window loses at its beginning before the others are added; None for the first
            batch of the worker, whose window is empty.
    """

    frames: list[Tensor]
    rows: Tensor
    worker: int
    dropped: int | None


class SharedBatch(NamedTuple):
    """A batch whose clips share their frames; on the device it becomes a `ClipBatch`.

    Attributes:
        positions: As in `ClipBatch`.
        sizes: As in `ClipBatch`.
        shared: The frames of the B clips.
        targets: B targets.
    """

    positions: list[int]
    sizes: list[tuple[int, int]]
    shared: SharedFrames
    targets: list[Target]


class Level(NamedTuple):
    """One grid of predictions; it covers the whole picture.

    Attributes:
        stride: Width and height of a cell in pixels of the network's input.
        rows: Rows of cells: H / stride.
        columns: Columns of cells: W / stride.
        per_cell: Predictions of a cell: the number of its anchors, or 1 without anchors.
    """

    stride: int
    rows: int
    columns: int
    per_cell: int

    @property
    def predictions(self) -> int:
        """Number of predictions of the level in one clip: rows x columns x per_cell."""
        return self.rows * self.columns * self.per_cell


IN_CELLS, IN_BINS = "offsets in cells", "distributions over bins"
"""Formats of `RawOutput`'s deltas that a loss reads: tx ty tw th of the networks of `yowo.models.heads`, and YOWOv3's
logits of 16 distances to each side."""


class RawOutput(TypedDict):
    """Output of a network: its predictions before any threshold.

    The M predictions of a clip are ordered by level (from the finest, with the smallest stride, to the coarsest), row,
    column and anchor. YOWO has one level of stride 32 with five anchors; YOWOv2 three levels of strides 8, 16 and 32
    with one prediction per cell.

    Keys:
        cls: float [B, M, C], class logits. Where the network has no `conf`, they alone decide the score.
        boxes: float32 [B, M, 4], x1 y1 x2 y2 in pixels of the network's input, not clipped to the picture.
        conf: float [B, M, 1], confidence logits. Absent where the network does not predict a confidence.
        points: float32 [M, 2], x and y of the middle of each prediction's cell, in pixels of the network's input.
        strides: float32 [M], the stride of each prediction's level, in pixels.
        levels: The grids that the predictions come from, finest first. Their `predictions` add up to M.
        image_size: Height and width of the network's input in pixels.
        deltas: float32 [B, M, D], the numbers of the box branch that `boxes` were decoded from, in the network's own
            format. In the networks of `yowo.models.heads` D is 4: tx ty tw th, see `yowo.boxes.anchors.decode_boxes`.
            Absent where no box loss needs them.
        anchors: float32 [M, 4], in pixels of the network's input: x and y of the upper left corner of the prediction's
            cell, then width and height of its anchor. All cells of a level have the same anchors in the same order.
            Absent where the network has no anchors.
    """

    cls: Tensor
    boxes: Tensor
    conf: NotRequired[Tensor]
    points: Tensor
    strides: Tensor
    levels: tuple[Level, ...]
    image_size: tuple[int, int]
    deltas: NotRequired[Tensor]
    anchors: NotRequired[Tensor]


class Detections(TypedDict, total=False):
    """Final detections of one key frame, best score first.

    Keys:
        boxes: float [N, 4], x1 y1 x2 y2 as fractions of the picture.
        scores: float [N] (one-hot data sets) or [N, C], one for each class (multi-hot data sets): confidence x class
            probability, or the class probability alone where the network has no confidence (see `RawOutput`). 0 in
            [N, C]: the box is not reported with that class.
        labels: int64 [N], class of each box; one-hot data sets only. The same box may appear with several classes.
        confidence: float [N], confidence of each box, without one the largest of its class probabilities; multi-hot
            data sets only.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    confidence: Tensor


@dataclass(frozen=True, slots=True)
class Tube:
    """One action of one person over time.

    Attributes:
        label: Class, from 0.
        start: First frame, from 0.
        boxes: float32 [T, 4], x1 y1 x2 y2, one box per frame from `start` on. Annotations are in fractions 0..1; other
            producers name their unit.
        score: Of a detected tube, as its linker computes it; 1 for ground truth.
    """

    label: int
    start: int
    boxes: NDArray[np.float32]
    score: float = 1.0
