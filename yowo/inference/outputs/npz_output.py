"""Detections as the exchange file of `yowo score` (npz), see `yowo.evaluation.detection_table`."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from yowo.contracts import Detections
from yowo.inference.outputs.frame_output import StreamFacts, resting_place
from yowo.inference.outputs.spool import Spool
from yowo.inference.tracks import TrackedFrame
from yowo.whole_file import whole_file

ROW = np.dtype([("video", "<i4"), ("frame", "<i4"), ("cls", "<i4"), ("score", "<f4"), ("box", "<f4", (4,))])
"""A detection: its video (the only one), frame from 1, class from 0, score, and box x1 y1 x2 y2 in pixels."""


class NpzOutput:
    """Collects the detections as `yowo eval` stores them: of a person who does several things, a row for each class.

    Tubes do not matter to it, and what is below the threshold of the table of boxes is there too. The file is written
    in the end; until then the rows wait on the disk.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        """Begin without rows; the folder of the file is made if it is missing.

        Raises:
            YowoError: The folder cannot be written.
        """
        self._path, self._facts, self._frames = path, facts, 0
        self._rows = Spool(path, ROW)

    def write(self, frame: TrackedFrame) -> None:
        """Take the detections of a frame.

        Raises:
            YowoError: The disk is full.
        """
        rows = exchange_rows(frame.result.detections, (self._facts.width, self._facts.height))
        self._frames = frame.result.frame + 1
        rows["frame"] = self._frames
        self._rows.append(rows)

    def finish(self) -> None:
        """Write the file, unless there was no frame.

        Raises:
            YowoError: It cannot be written.
        """
        if self._frames:
            self._path = resting_place(self._path, self._facts, self._frames)
            with (
                whole_file(self._path) as unfinished,
                zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                add_array(archive, "videos", 1, [np.array([self._facts.name])])
                add_array(archive, "num_frames", 1, [np.array([self._frames], np.int32)])
                for name in ROW.names or ():
                    add_array(archive, name, self._rows.count, (rows[name] for rows in self._rows.blocks()), ROW[name])
        self._rows.close()

    def close(self) -> None:
        """Forget what was not written."""
        self._rows.close()

    def kept(self) -> str | None:
        """Return where the file is; None if there was no frame."""
        return f"detections for yowo score: {self._path}" if self._frames else None


def exchange_rows(found: Detections, size: tuple[int, int]) -> NDArray[Any]:
    """Lay out the detections of a frame as rows of the exchange file.

    Args:
        found: Detections of the frame, see `Detections`.
        size: Width and height of the picture in pixels.

    Returns:
        Array [n] of `ROW`; the frame is still 0.
    """
    boxes, scores = found["boxes"].float().numpy().reshape(-1, 4), found["scores"].float().numpy()
    if scores.ndim == 2:
        given, labels = np.nonzero(scores)
        boxes, scores = boxes[given], scores[given, labels]
    else:
        labels = found["labels"].numpy()
    rows = np.zeros(len(boxes), ROW)
    rows["cls"], rows["score"] = labels, scores
    rows["box"] = boxes * np.array([*size, *size], np.float32)
    return rows


def add_array(
    archive: zipfile.ZipFile, name: str, rows: int, blocks: Iterable[NDArray[Any]], kind: np.dtype[Any] | None = None
) -> None:
    """Write an array into a npz file, block by block.

    Args:
        archive: The file, open for writing.
        name: Name of the array.
        rows: Length of its first axis, the rows of all blocks together.
        blocks: The parts of the array.
        kind: Type of a row, maybe with a shape; None takes that of the only block.
    """
    parts = list(blocks) if kind is None else blocks
    kind = parts[0].dtype if kind is None else kind  # type: ignore[index]
    header = {"descr": npy.dtype_to_descr(kind.base), "fortran_order": False, "shape": (rows, *kind.shape)}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        npy.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part).tobytes())
