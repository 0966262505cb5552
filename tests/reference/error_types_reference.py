"""Kinds of errors, detection by detection: slow and obvious."""

from tests.reference.frame_map_reference import overlap as iou


def kinds(found, truth, classes):
    """`found`: (frame, label, score, box); `truth`: (frame, label, box). Returns counts, missed, confusion."""
    names = ("right", "localisation", "class", "duplicate", "background")
    counts = [[0] * 5 for _ in range(classes)]
    missed, confusion = [0] * classes, [[0] * (classes + 1) for _ in range(classes)]
    for label in range(classes):
        wanted = [(place, row) for place, row in enumerate(truth) if row[1] == label]
        ranked = sorted((row for row in found if row[1] == label), key=lambda row: (-row[2], row[0]))
        used, hits = set(), 0
        for frame, _, _, box in ranked[: len(wanted)]:
            same = max(((iou(box, row[2]), -place) for place, row in wanted if row[0] == frame), default=(0.0, 1))
            every = max(
                ((iou(box, row[2]), -place) for place, row in enumerate(truth) if row[0] == frame), default=(0.0, 1)
            )
            on = truth[-every[1]][1] if every[0] >= 0.5 else classes
            if same[0] >= 0.5 and same[1] not in used:
                used.add(same[1])
                kind = "right"
                hits += 1
            elif same[0] >= 0.5:
                kind = "duplicate"
            elif same[0] >= 0.1:
                kind = "localisation"
            elif on not in (label, classes):
                kind = "class"
            else:
                kind = "background"
            counts[label][names.index(kind)] += 1
            if kind != "right":
                confusion[label][on] += 1
        missed[label] = len(wanted) - hits
    return counts, missed, confusion
