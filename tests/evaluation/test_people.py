import math

import numpy as np
import pytest

from tests.evaluation_cases import as_key_frames, random_case
from yowo.boxes.array_iou import pair_iou
from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_map import FrameMAP
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes
from yowo.evaluation.people import best_of_overlapping, people_scores
from yowo.evaluation.pixel_iou import pixel_iou

RUN, JUMP, WAVE = range(3)
LEFT, RIGHT = (10.0, 10, 59, 89), (210.0, 10, 259, 89)


def truth_of(*rows):
    frames, labels, boxes = zip(*rows, strict=True)
    return LabelledBoxes(np.array(frames), np.array(labels), np.array(boxes))


def found_of(*rows):
    frames, labels, boxes, scores = zip(*rows, strict=True) if rows else ((), (), (), ())
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    return ScoredBoxes(np.array(frames, int), np.array(labels, int), boxes, np.array(scores, np.float32))


def slow_people(detections, truth):
    """People found, of how many, right ones, and AP: box by box."""
    people = {}
    for frame, label, box in zip(truth.frames, truth.labels, truth.boxes_xyxy, strict=True):
        people.setdefault((int(frame), tuple(box)), set()).add(int(label))
    annotated = {frame for frame, _ in people}
    order = np.lexsort((np.arange(len(detections.frames)), detections.frames, -detections.scores))
    kept = []
    for row in order:
        frame, box = int(detections.frames[row]), detections.boxes_xyxy[row]
        same = [k for k in kept if k[0] == frame]
        if frame in annotated and all(
            tuple(k[1]) != tuple(box) and pixel_iou(k[1][None], box[None])[0] <= 0.5 for k in same
        ):
            kept.append((frame, box, int(detections.labels[row])))
    hits, right, taken = [], 0, set()
    for frame, box, label in kept:
        here = [person for person in people if person[0] == frame]
        overlaps = [pixel_iou(np.array(person[1])[None], box[None])[0] for person in here]
        best = here[int(np.argmax(overlaps))]
        hits.append(max(overlaps) >= 0.5 and best not in taken)
        if hits[-1]:
            taken.add(best)
            right += label in people[best]
    return len(taken), len(people), right, average_precision(*precision_recall(np.array(hits, bool), len(people)))


@pytest.mark.parametrize("seed", range(8))
def test_people_are_counted_as_box_by_box(seed):
    detections, truth = random_case(seed)
    scores = people_scores(detections, truth)
    found, people, right, ap = slow_people(detections, truth)
    assert 0 < right < found < people
    assert (scores.num_found, scores.num_people, scores.num_right) == (found, people, right)
    assert scores.ap == pytest.approx(ap, abs=1e-12)


def test_a_person_with_boxes_of_several_actions_is_found_once_with_the_best_of_them():
    truth = truth_of((0, RUN, LEFT))
    shifted = (14.0, 10, 63, 89)
    found = found_of((0, JUMP, LEFT, 0.6), (0, RUN, shifted, 0.7), (0, WAVE, LEFT, 0.1))
    scores = people_scores(found, truth)
    assert (scores.ap, scores.num_found, scores.num_right) == (1.0, 1, 1)
    worse = people_scores(found_of((0, JUMP, LEFT, 0.8), (0, RUN, shifted, 0.7)), truth)
    assert (worse.ap, worse.num_found, worse.num_right) == (1.0, 1, 0)


def test_who_does_several_things_is_one_person_and_any_of_them_is_right():
    truth = truth_of((0, RUN, LEFT), (0, WAVE, LEFT), (0, JUMP, RIGHT))
    found = found_of((0, RUN, LEFT, 0.2), (0, WAVE, LEFT, 0.9), (0, RUN, RIGHT, 0.8))
    scores = people_scores(found, truth)
    assert (scores.num_people, scores.num_found, scores.num_right) == (2, 2, 1)
    assert scores.metrics()["action_right"] == 0.5


def test_people_that_are_not_there_cost_precision_and_missed_ones_recall():
    truth = truth_of((0, RUN, LEFT), (1, RUN, LEFT))
    scores = people_scores(found_of((0, RUN, RIGHT, 0.9), (0, RUN, LEFT, 0.8), (7, RUN, RIGHT, 0.95)), truth)
    assert scores.metrics()["people_found"] == {
        "ap": 0.25, "recall": 0.5, "iou": 0.5, "num_people": 2, "num_found": 1,
    }  # fmt: skip


def test_nothing_found_and_nobody_there():
    nobody = LabelledBoxes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 4)))
    missed = people_scores(found_of(), truth_of((0, RUN, LEFT)))
    assert missed.ap == 0 and math.isnan(missed.metrics()["action_right"])
    assert math.isnan(people_scores(found_of((0, RUN, LEFT, 0.5)), nobody).ap)


def test_suppression_in_parts_equals_suppression_at_once(monkeypatch):
    random = np.random.default_rng(0)
    corner = random.integers(0, 60, (400, 2))
    boxes = np.concatenate([corner, corner + random.integers(10, 40, corner.shape)], axis=1).astype(float)
    frames = random.integers(0, 20, 400)
    whole = best_of_overlapping(frames, boxes, 0.3, pair_iou)
    monkeypatch.setattr("yowo.evaluation.people.ROOM", 50)
    assert np.array_equal(whole, best_of_overlapping(frames, boxes, 0.3, pair_iou)) and 100 < whole.sum() < 300


def test_the_metric_of_frames_reports_people_on_annotated_frames():
    detections, truth = random_case(1)
    expected = people_scores(
        ScoredBoxes(detections.frames, detections.labels, np.rint(detections.boxes_xyxy), detections.scores), truth
    )
    for frames in ("annotated", "all"):
        metric = FrameMAP(["a", "b", "c", "d", "e"], frames=frames)
        metric.update(*as_key_frames(detections, truth))
        assert metric.report()["people_found"]["num_found"] == expected.num_found
        assert metric.report()["action_right"] == pytest.approx(expected.num_right / expected.num_found)
