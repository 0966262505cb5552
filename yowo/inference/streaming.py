"""A detector over a stream of frames: every frame is a key frame once, no frame is decoded or resized twice."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yowo.contracts import Detections, RawOutput, Target
from yowo.models.postprocess import to_cpu
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


Transform = Callable[[list[Tensor], list[Target]], tuple[Tensor, list[Target]]]


@torch.inference_mode()
def detect_frames(
    detector: nn.Module,
    postprocess: Callable[[RawOutput], list[Detections]],
    transform: Transform,
    source: FrameSource,
    clip_len: int,
    dilation: int = 1,
    batch_size: int = 8,
    device: torch.device | str = "cpu",
    features: Callable[[Sequence[int]], Tensor] | None = None,
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
        features: Gives the 3D features [B, C, h, w] of B frames by their positions, such as `FeatureBank.mean`; None
            lets the detector compute those of the clips.

    Yields:
        One result per frame.

    Raises:
        VideoError: A frame cannot be read.
    """
    reach = (clip_len - 1) * dilation
    steps = torch.arange(-reach, 1, dilation)
    history = torch.zeros(0)
    start = 0
    while len(pictures := source.read(batch_size)):
        stop = start + len(pictures)
        uint8 = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).to(device)
        fresh = transform([uint8], [Target(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))])[0][0]
        if start == 0:
            history = fresh[:, :1].expand(-1, reach, -1, -1)
        window = torch.cat([history, fresh], dim=1)
        ends = torch.arange(reach, reach + stop - start)
        clips = window[:, (ends[:, None] + steps).to(window.device)].transpose(0, 1)
        found = postprocess(detector(clips) if features is None else detector(clips, features(range(start, stop))))
        for offset, detections in enumerate(found):
            yield FrameResult(start + offset, pictures[offset], to_cpu(detections))
        history = window[:, -reach:] if reach else history
        start = stop
