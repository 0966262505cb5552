"""Tubes from a table of detections."""

import numpy as np

from yowo.contracts import Tube
from yowo.evaluation.detection_table import DetectionTable
from yowo.tubes.linking import Linker, VideoDetections


def link_table(linker: Linker, table: DetectionTable, num_classes: int) -> dict[str, list[Tube]]:
    """Link the detections of every video of a table.

    Args:
        linker: Makes the tubes.
        table: Detections, boxes in pixels.
        num_classes: C.

    Returns:
        Tubes of each video by its name, boxes in pixels.
    """
    order = np.lexsort((table.frame, table.video))
    bounds = np.searchsorted(table.video[order], np.arange(len(table.videos) + 1))
    videos = []
    for index in range(len(table.videos)):
        rows = order[bounds[index] : bounds[index + 1]]
        videos.append(
            VideoDetections(
                frames=table.frame[rows].astype(np.int64) - 1,
                labels=table.cls[rows].astype(np.int64),
                scores=table.score[rows],
                boxes_xyxy=table.box[rows],
                num_frames=int(table.num_frames[index]),
            )
        )
    return dict(zip(table.videos, linker.link_videos(videos, num_classes), strict=True))
