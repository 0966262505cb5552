"""Made AVA rows for the tests of AVA's mAP."""

import numpy as np

from yowo.datasets.ava_annotation import AvaRows

CLASSES = {1: "bend", 3: "crouch", 4: "dance", 7: "jump"}


def random_rows(seed, videos=3, seconds=9, boxes=30, strangers=True):
    """Rows (video, second, box, label, score) of detections and ground truth, no two scores equal.

    More than 50 rows in some frames, empty boxes, frames without ground truth, class 2 that is not evaluated, and class
    7 without ground truth.
    """
    random = np.random.default_rng(seed)
    truth, detections = [], []
    scores = iter(random.permutation(videos * seconds * boxes) / (videos * seconds * boxes))
    for video in range(videos):
        for second in range(900, 900 + seconds):
            corner = random.uniform(0, 0.5, (3, 2))
            people = np.concatenate([corner, corner + random.uniform(0.1, 0.5, (3, 2))], axis=1)
            known = not (strangers and second % 5 == 0)
            for person in people if known else ():
                truth += [(f"v{video}", second, person.tolist(), int(k), 1.0) for k in random.choice([1, 2, 3, 4], 2)]
            for _ in range(int(random.integers(boxes // 2, boxes)) if second % 3 else boxes // 6):
                box = people[random.integers(0, 3)] + random.normal(0, 0.03, 4)
                box[2:] = np.maximum(box[:2], box[2:])
                if random.random() < 0.05:
                    box[2] = box[0]
                label = int(random.choice([1, 2, 3, 4, 7]))
                detections.append((f"v{video}", second, box.tolist(), label, float(next(scores))))
    return detections, truth


def as_table(rows):
    names = sorted({row[0] for row in rows})
    return AvaRows(
        videos=tuple(names),
        video=np.array([names.index(row[0]) for row in rows], dtype=np.int64),
        seconds=np.array([row[1] for row in rows], dtype=np.float64),
        labels=np.array([row[3] for row in rows], dtype=np.int64),
        boxes_norm=np.array([row[2] for row in rows], dtype=np.float64).reshape(-1, 4),
        scores=np.array([row[4] for row in rows], dtype=np.float64),
    )


def write_rows(path, rows, scored):
    lines = [
        f"{video},{second:04d},{','.join(repr(value) for value in box)},{label},{score if scored else 0}"
        for video, second, box, label, score in rows
    ]
    path.write_text("\n".join(lines) + "\n")
    return path
