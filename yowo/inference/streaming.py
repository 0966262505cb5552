"""A detector over a stream of frames: every frame is a key frame once, no frame is decoded or resized twice."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from yowo.contracts import Detections, RawOutput
from yowo.inference.clip_detector import ClipDetector, Features
from yowo.inference.prepared_frames import Transform
from yowo.video.frame_source import FrameSource


class FrameResult(NamedTuple):
    """One frame and what was found on it.

    Attributes:
        frame: Position in the source, from 0.
        picture: uint8 [H, W, 3], RGB, in the size of the source.
        detections: See `Detections`; tensors on the CPU.
        seconds: Time of the frame since the first one of the source.
    """

    frame: int
    picture: NDArray[np.uint8]
    detections: Detections
    seconds: float = 0.0


def detect_frames(
    detector: Callable[..., RawOutput],
    postprocess: Callable[[RawOutput], list[Detections]],
    transform: Transform,
    source: FrameSource,
    clip_len: int,
    dilation: int = 1,
    batch_size: int = 8,
    device: torch.device | str = "cpu",
    features: Features | None = None,
) -> Iterator[FrameResult]:
    """Detect on every frame of a source, in order, until it ends; memory does not grow with its length.

    Args:
        detector: In evaluation mode, on `device`.
        postprocess: Makes detections of raw output.
        transform: Resizes and normalises uint8 clips, as in evaluation: [K, 3, h, w] to float [1, 3, K, H, W].
        source: Open, and not yet read; its length may be unknown.
        clip_len: K; frames before the first are copies of it.
        dilation: Steps in frames between the frames of a clip.
        batch_size: Frames read and clips computed at once.
        device: Where the detector is.
        features: See `ClipDetector`.

    Yields:
        One result per frame.

    Raises:
        VideoError: A frame cannot be read.
    """
    clips = ClipDetector(detector, postprocess, transform, clip_len, dilation, device, features)
    start = 0
    while len(pictures := source.read(batch_size)):
        for offset, found in enumerate(clips.add(pictures, [True] * len(pictures))):
            if found is not None:
                yield FrameResult(start + offset, pictures[offset], found)
        start += len(pictures)
