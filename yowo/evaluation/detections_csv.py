"""Write detections of single frames as a table that people can read (CSV)."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from yowo.contracts import Detections
from yowo.evaluation.key_frame_rows import detection_rows
from yowo.whole_file import whole_file

CSV_HEADER = ("video", "frame", "x1", "y1", "x2", "y2", "score", "label")


def write_csv(
    path: Path | str,
    video: str,
    size: tuple[int, int],
    rows: Iterable[tuple[int, Detections]],
    classes: Sequence[str],
    score_threshold: float = 0.0,
) -> int:
    """Write the detections of a video as CSV: video, frame, x1, y1, x2, y2, score, label.

    Frames are counted from 1, as in the exchange file; boxes are pixels to 2 decimals, scores have 6; `label` is the
    name of the class. The file appears when it is complete.

    Args:
        path: File to write; its folder is made if there is none.
        video: Name of the video.
        size: Width and height in pixels that boxes are written in.
        rows: For each frame its position in the video, from 0, and its detections, boxes as fractions 0..1.
        classes: Names of the C classes.
        score_threshold: Detections with a lower score are left out; scores [N, C] give a line per box and class.

    Returns:
        Number of lines below the header.

    Raises:
        YowoError: Detections are NaN or infinite or do not fit the classes, or the file cannot be written.
    """
    width, height = size
    count = 0
    with whole_file(Path(path)) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_HEADER)
        for position, detections in rows:
            found = detection_rows(detections, len(classes), f"{video}, frame {position + 1}")
            scores = found.scores.tolist() if found.scores is not None else []
            boxes = (found.boxes_norm * found.boxes_norm.new_tensor([width, height, width, height])).tolist()
            for box, score, label in zip(boxes, scores, found.labels.tolist(), strict=True):
                if score >= score_threshold:
                    corners = [f"{value:.2f}" for value in box]
                    writer.writerow([video, position + 1, *corners, f"{score:.6f}", classes[label]])
                    count += 1
    return count
