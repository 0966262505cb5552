"""Detections of single frames, gathered in the exchange table or written as a table for people (CSV)."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from yowo.contracts import Detections
from yowo.evaluation.detection_table import DetectionTable, checked
from yowo.evaluation.rows import detection_rows
from yowo.evaluation.whole_file import whole_file

CSV_HEADER = ("video", "frame", "x1", "y1", "x2", "y2", "score", "label")


def tabulate_detections(
    videos: Sequence[str],
    num_frames: Sequence[int],
    sizes: Sequence[tuple[int, int]],
    rows: Iterable[tuple[int, int, Detections]],
    num_classes: int,
) -> DetectionTable:
    """Make the table from the detections of single frames.

    Args:
        videos: Names of the V videos.
        num_frames: Frames of each video.
        sizes: Width and height in pixels that the boxes of each video are counted in.
        rows: For each frame the index of its video, its position in the video from 0 (as everywhere in this
            package; the file counts from 1), and its detections, boxes as fractions 0..1.
        num_classes: C; labels are below it.

    Returns:
        The table, by video and frame.

    Raises:
        YowoError: Detections are NaN or infinite, or do not fit the classes.
        AnnotationError: A frame lies outside its video, or a box is inverted.
    """
    video, frame, label, score, box = [], [], [], [], []
    for index, position, detections in sorted(rows, key=lambda row: row[:2]):
        found = detection_rows(detections, num_classes, f"{videos[index]}, frame {position + 1}")
        count = len(found.labels)
        width, height = sizes[index]
        video.append(np.full(count, index, dtype=np.int32))
        frame.append(np.full(count, position + 1, dtype=np.int32))
        label.append(found.labels.cpu().numpy().astype(np.int32))
        score.append(found.scores.cpu().numpy() if found.scores is not None else np.zeros(0, np.float32))
        box.append(found.boxes_norm.cpu().numpy() * np.array([width, height, width, height], dtype=np.float32))
    return checked(
        {
            "videos": np.array(list(videos), dtype=np.str_),
            "num_frames": np.array(num_frames, dtype=np.int32),
            "video": np.concatenate([np.zeros(0, np.int32), *video]),
            "frame": np.concatenate([np.zeros(0, np.int32), *frame]),
            "cls": np.concatenate([np.zeros(0, np.int32), *label]),
            "score": np.concatenate([np.zeros(0, np.float32), *score]),
            "box": np.concatenate([np.zeros((0, 4), np.float32), *box]),
        },
        "detections",
    )


def write_csv(
    path: Path | str,
    video: str,
    size: tuple[int, int],
    rows: Iterable[tuple[int, Detections]],
    classes: Sequence[str],
    score_threshold: float = 0.0,
) -> int:
    """Write the detections of a video as a table for people: video, frame, x1, y1, x2, y2, score, label.

    Frames are counted from 1, as in the exchange file; boxes are pixels to 2 decimals, scores have 6; `label` is the
    name of the class. The file appears when it is complete.

    Args:
        path: File to write; folders above it are made.
        video: What to call the video.
        size: Width and height in pixels that boxes are written in.
        rows: For each frame its position in the video, from 0, and its detections, boxes as fractions 0..1.
        classes: Names of the C classes.
        score_threshold: Scores below it are left out (with scores [N, C], each box stands once a class).

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
