"""The page of shapes: every structure that travels between modules, with dtype and unit.

Letters: B clips of a batch, K frames of a clip, H and W pixels, N boxes, C classes, A anchors of a cell,
M = H/32 * W/32 * A predictions of a clip in row, column, anchor order. Frames are counted from 0 and classes from 0;
the files of others keep their own counting and are converted where they are read.
`boxes_norm` are x1, y1, x2, y2 as fractions 0..1 of the picture, `boxes_xyxy` the same in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # scoring files of detections needs no torch, and starts in a fraction of the time
    from torch import Tensor

Array = NDArray[np.generic]
STRIDE = 32
"""Pixels of the network's input that one cell of the prediction grid spans, each way."""


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """One annotated moment: the key frame of a clip and what is seen on it.

    Attributes:
        video: Name of the video, unique in the data set, such as "Basketball/v_Basketball_g01_c02".
        path: Video file, or folder of numbered pictures.
        backend: Reader that opens it, as found by `yowo.video.probe`; "auto" where it was not probed.
        frame: Position of the key frame in the video, counted from 0.
        num_frames: Frames of the video.
        size: Width and height in pixels that the data set's protocol counts boxes in.
        boxes_norm: float32 [N, 4], x1 y1 x2 y2 as fractions of the picture.
        labels: int64 [N], or float32 [N, C] of zeros and ones where a person does several things at once.
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
    """What a worker hands over for one key frame.

    Attributes:
        position: Place in the split; the identity by which metrics drop repeated samples.
        size: Width and height in pixels that the data set's protocol counts boxes in.
        frames: uint8 [K, 3, H, W], RGB, in the video's own size, key frame last.
        target: Ground truth on the key frame.
    """

    position: int
    size: tuple[int, int]
    frames: Tensor
    target: Target


class ClipBatch(NamedTuple):
    """What the LightningModule gets.

    Attributes:
        positions: Place of each clip in its split, B integers.
        sizes: Width and height in pixels that the protocol counts the boxes of each clip in.
        clips: On the way from the workers a list of B uint8 tensors [K, 3, h, w] of any size; on the device,
            after resizing, augmentation and normalisation, float [B, 3, K, H, W].
        targets: B targets.
    """

    positions: list[int]
    sizes: list[tuple[int, int]]
    clips: Tensor | list[Tensor]
    targets: list[Target]


class RawOutput(TypedDict):
    """What the detector returns: predictions before any threshold.

    `conf` [B, M, 1] logits; `cls` [B, M, C] logits; `boxes` [B, M, 4] x1 y1 x2 y2 in pixels of the network's input;
    `deltas` [B, M, 4] the tx, ty, tw, th that the boxes were decoded from; `anchors` [M, 4] the cell's corner (x, y)
    and the anchor's width and height, in pixels; `image_size` height and width of the input in pixels.
    """

    conf: Tensor
    cls: Tensor
    boxes: Tensor
    deltas: Tensor
    anchors: Tensor
    image_size: tuple[int, int]


class Detections(TypedDict, total=False):
    """Final detections of one key frame, best score first.

    `boxes` float [N, 4], 0..1. One-hot data sets: `scores` [N] = confidence x class probability and `labels` [N]
    (a box may stand once a class). Multi-hot data sets: `scores` [N, C] = confidence x class probability and
    `confidence` [N].
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    confidence: Tensor


@dataclass(frozen=True, slots=True)
class Tube:
    """One action instance through time.

    Attributes:
        label: Class, from 0.
        start: First frame, from 0.
        boxes: float32 [T, 4], one box a frame from `start` on; the unit is the producer's (annotations: 0..1).
        score: 1 for ground truth.
    """

    label: int
    start: int
    boxes: NDArray[np.float32]
    score: float = 1.0
