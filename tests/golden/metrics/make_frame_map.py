"""Writes frame_map.npz and frame_map.json anew: `python -m tests.golden.metrics.make_frame_map` in the checkout.

The case is a made one; the figures are those of the slow reference, which follows the published rules box by box.
"""

import json
from pathlib import Path

import numpy as np

from tests.evaluation_cases import as_rows, random_case
from tests.reference.frame_map_reference import frame_map

FOLDER = Path(__file__).parent
SEED, FRAMES, CLASSES = 20_240, 80, 6


def main():
    detections, truth = random_case(SEED, FRAMES, CLASSES)
    np.savez_compressed(
        FOLDER / "frame_map.npz",
        detection_frame=detections.frames,
        detection_label=detections.labels,
        detection_score=detections.scores,
        detection_box=detections.boxes_xyxy.astype(np.float32),
        truth_frame=truth.frames,
        truth_label=truth.labels,
        truth_box=truth.boxes_xyxy.astype(np.float32),
    )
    rows = as_rows(detections, truth)
    cases = []
    for iou_threshold in (0.3, 0.5, 0.75):
        for round_boxes in (True, False):
            ap, mean = frame_map(*rows, CLASSES, iou_threshold, round_boxes)
            ap = [None if np.isnan(value) else value for value in ap]
            cases.append({"iou_threshold": iou_threshold, "round_boxes": round_boxes, "ap": ap, "map": mean})
    (FOLDER / "frame_map.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
