"""Writes what is detected on a source, frame by frame: a video with boxes, and a table that grows with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from torch import Tensor
from typing_extensions import Self

from yowo.commands.interruption import if_interrupted, shielded
from yowo.commands.output_paths import table_path
from yowo.config.build import build_eval_transform, make
from yowo.contracts import Detections
from yowo.errors import ConfigError, YowoError
from yowo.evaluation.detections_csv import DetectionsCsv, Row
from yowo.evaluation.key_frame_rows import BoxRows, detection_rows
from yowo.inference.drawing import draw_boxes
from yowo.inference.streaming import FrameResult, detect_frames
from yowo.inference.tracks import NO_TRACK, FrameRows, FrameTracks, TrackedFrame
from yowo.models.detector import Detector
from yowo.progress import track
from yowo.video.frame_source import FrameSource
from yowo.video.writer import VideoWriter
from yowo.whole_file import growing_file, whole_file

Features = Callable[[Sequence[int]], Tensor]
"""Returns the 3D features, float [B, C, h, w], of B frames by their positions."""


class Written(NamedTuple):
    """What `annotate` has written.

    Attributes:
        frames: Number of frames.
        detections: Number of rows of the table.
        tracks: Number of tracks.
    """

    frames: int
    detections: int
    tracks: int


def pick_device(name: str) -> torch.device:
    """Return the device with a name; "auto" is the GPU if there is one, otherwise the CPU.

    Raises:
        ConfigError: This machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in counts or not (index.isdigit() or name == kind):
        raise ConfigError(f"device={name}: expected auto, cpu, cuda, cuda:N or mps")
    if int(index or 0) >= counts[kind]:
        raise ConfigError(f"device={name}: this machine has {counts[kind]} {kind} devices; device=auto takes the best")
    return torch.device(name)


def annotate(
    detector: Detector,
    config: DictConfig,
    frames: FrameSource,
    name: str,
    output: Path,
    features: Features | None = None,
) -> Written:
    """Detect on every frame; write the video with boxes, and the detections as a CSV file of the same name.

    Frames are on disk as they come: after an interruption or an error both files hold the frames until then.

    Args:
        detector: The network.
        config: Names classes, clip length, thresholds, linker and device.
        frames: The open source; it is read until it ends.
        name: Name of the video in the table.
        output: The video to write.
        features: See `detect_frames`.

    Raises:
        VideoError: A frame cannot be read, or the video cannot be written.
        YowoError: The table cannot be written.
    """
    device = pick_device(config.get("device", "auto"))
    threshold = config.get("score_threshold", config.dataset.show_threshold)
    results = detect_frames(
        detector.eval().to(device),
        detector.postprocess.with_options(score_threshold=threshold),
        build_eval_transform(config),
        frames,
        config.dataset.clip_len if features is None else 1,
        config.dataset.dilation,
        config.get("batch_size", 8),
        device,
        features,
    )
    names = list(config.dataset.classes)
    tracks = FrameTracks(make(config.linker), len(names))
    with ExitStack() as stack:
        files = stack.enter_context(_Files(output, name, names, (frames.width, frames.height), frames.fps))
        stack.enter_context(if_interrupted(lambda: files.words(frames.length)))
        with _the_rest(tracks, files):
            for result in track(results, "detecting", total=frames.length):
                with shielded():  # table and video hold the same frames
                    files.write(tracks.add(result, files.rows_of(result, threshold)))
        return Written(files.frames, files.table.rows, tracks.count)


@contextmanager
def _the_rest(tracks: FrameTracks, files: "_Files") -> Iterator[None]:
    """Write, in the end, the frames that waited for their tracks, also after an interruption or an error."""
    try:
        yield
    except BaseException:
        with shielded(), suppress(YowoError):
            files.finish(tracks)
        raise
    with shielded():
        files.finish(tracks)


class _Files:
    """The video with boxes and the table beside it, while they grow."""

    def __init__(self, output: Path, name: str, names: Sequence[str], size: tuple[int, int], fps: float) -> None:
        self._stack = ExitStack()
        self._names, self._size, self._fps, self._name = names, size, fps, name
        self._writer: VideoWriter | None = None
        self._output = output
        self.frames = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.video = stack.enter_context(growing_file(self._output))
            grown = stack.enter_context(growing_file(table_path(self._output)))
            self.table = stack.enter_context(DetectionsCsv(grown, self._name, self._names))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._stack.__exit__(*error)  # type: ignore[arg-type]

    def rows_of(self, result: FrameResult, threshold: float) -> FrameRows:
        """Return the detections of a frame in pixels; of a box with several classes, those from the threshold on."""
        found = detection_rows(result.detections, len(self._names), f"{self._name}, frame {result.frame}")
        boxes = found.boxes_norm.numpy() * np.array([*self._size, *self._size], np.float32)
        scores = _scores(found)
        kept = scores >= threshold
        owners = _owners(result.detections)
        return FrameRows(boxes[kept], scores[kept], found.labels.numpy()[kept], owners[kept])

    def write(self, frames: Iterable[TrackedFrame]) -> None:
        """Append frames to both files."""
        for result, rows, tracks, _ in frames:
            numbers = {box: number for box, number in zip(rows.owners.tolist(), tracks.tolist(), strict=True) if number}
            picture = drawn(result.picture, result.detections, self._names, numbers)
            if self._writer is None:
                size = (picture.shape[1], picture.shape[0])
                self._writer = self._stack.enter_context(VideoWriter(self.video, self._fps, size, keep=True))
            self._writer.write(picture)
            self.table.write(result.frame, table_rows(rows, tracks))
            self.frames += 1

    def finish(self, tracks: FrameTracks) -> None:
        """Append the last frames; write the table again if its tracks are known only now."""
        self.write(tracks.finish())
        if found := tracks.later():
            with whole_file(self.table.path) as path, DetectionsCsv(path, self._name, self._names) as table:
                for frame, (rows, numbers) in enumerate(found):
                    table.write(frame, table_rows(rows, numbers))

    def words(self, length: int | None) -> str:
        """Say what is kept of an interrupted detection."""
        if not self.frames:
            return "no frame was written yet; run the command again"
        of = "" if length is None else f" of {length}"
        return f"{self.frames}{of} frames are in {self.video} and {self.table.path}; the command can only begin anew"


def table_rows(rows: FrameRows, tracks: NDArray[np.int64]) -> Iterator[Row]:
    """Yield the rows of the table for the detections of a frame and their tracks, int64 [n]."""
    for box, score, label, number in zip(
        rows.boxes_xyxy.tolist(), rows.scores.tolist(), rows.labels.tolist(), tracks.tolist(), strict=True
    ):
        yield box, score, label, None if number == NO_TRACK else number


def drawn(
    picture: NDArray[np.uint8], found: Detections, names: Sequence[str], tracks: Mapping[int, int] | None = None
) -> NDArray[np.uint8]:
    """Draw the detections of a frame on a copy of it, which is enlarged if it is small.

    Args:
        picture: uint8 [H, W, 3], RGB.
        found: Detections of the frame, see `Detections`.
        names: Names of the C classes.
        tracks: Track numbers by index of the box; `NO_TRACK` or none for a box without one.

    Returns:
        uint8 [H', W', 3], RGB.
    """
    labels = found["labels"] if "labels" in found else found["scores"]
    numbers = [(tracks or {}).get(box, NO_TRACK) or None for box in range(len(labels))]
    return draw_boxes(picture, found["boxes"], labels, names, scores=found["scores"], tracks=numbers)


def _scores(found: BoxRows) -> NDArray[np.float32]:
    return np.zeros(len(found.labels), np.float32) if found.scores is None else found.scores.numpy()


def _owners(found: Detections) -> NDArray[np.int64]:
    """Return int64 [n], the box of each row of `detection_rows`."""
    classes = found["scores"].shape[1] if found["scores"].ndim == 2 else 1
    return np.repeat(np.arange(len(found["boxes"])), classes)
