"""Made detections and ground truth for the tests of frame-mAP."""

import numpy as np
import torch

from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes

SIZE = (320, 240)


def random_case(seed, frames=25, classes=5):
    """Boxes with equal scores, quarter and half pixels (ground truth too), boxes outside the picture, empty frames.

    Class 0 is never detected; the last class has no ground truth.
    """
    random = np.random.default_rng(seed)
    truth_frames = np.sort(random.choice(np.arange(0, frames, 2), frames))
    corner = random.integers(0, 200, (len(truth_frames), 2))
    truth_boxes = np.concatenate([corner, corner + random.integers(10, 90, corner.shape)], axis=1).astype(float)
    truth_boxes[::3] += random.integers(0, 4, truth_boxes[::3].shape) / 4
    truth = LabelledBoxes(truth_frames, random.integers(0, classes - 1, len(truth_frames)), truth_boxes)
    near = random.integers(0, len(truth_frames), 6 * frames)
    stray = random.integers(0, frames, 2 * frames)
    boxes = truth_boxes[near] + random.integers(-40, 41, (len(near), 4)) / 4
    low = random.integers(-60, 300, (len(stray), 2))
    strays = np.concatenate([low, low + random.integers(0, 80, low.shape)], axis=1).astype(float)
    labels = np.concatenate([truth.labels[near], random.integers(1, classes, len(stray))])
    labels = np.where(random.random(len(labels)) < 0.1, random.integers(1, classes, len(labels)), labels)
    rows = np.flatnonzero(labels > 0)[random.permutation((labels > 0).sum())]
    detections = ScoredBoxes(
        frames=np.concatenate([truth_frames[near], stray])[rows],
        labels=labels[rows],
        boxes_xyxy=np.concatenate([boxes, strays])[rows],
        scores=(random.integers(0, 20, len(rows)) / 20).astype(np.float32),
    )
    return detections, truth


def as_rows(detections, truth):
    """The case as the slow reference takes it."""
    found = [
        (int(frame), int(label), float(score), tuple(box.tolist()))
        for frame, label, score, box in zip(
            detections.frames, detections.labels, detections.scores, detections.boxes_xyxy, strict=True
        )
    ]
    wanted = [
        (int(frame), int(label), tuple(box.tolist()))
        for frame, label, box in zip(truth.frames, truth.labels, truth.boxes_xyxy, strict=True)
    ]
    return found, wanted


def as_key_frames(detections, truth, size=SIZE):
    """The case as a metric takes it: (indices, detections, targets, sizes) of every frame with a row."""
    scale = torch.tensor([*size, *size], dtype=torch.float64)
    indices = np.unique(np.concatenate([detections.frames, truth.frames])).tolist()
    found, targets = [], []
    for index in indices:
        here = detections.frames == index
        found.append(
            {
                "boxes": (torch.from_numpy(detections.boxes_xyxy[here]) / scale).float(),
                "scores": torch.from_numpy(detections.scores[here]),
                "labels": torch.from_numpy(detections.labels[here]),
            }
        )
        here = truth.frames == index
        targets.append(
            {
                "boxes": (torch.from_numpy(truth.boxes_xyxy[here]) / scale).float(),
                "labels": torch.from_numpy(truth.labels[here]),
            }
        )
    return indices, found, targets, [size] * len(indices)
