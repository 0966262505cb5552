import numpy as np
import pytest

from yowo.contracts import Tube
from yowo.evaluation.frame_ap import counted_boxes, match_frames
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes
from yowo.evaluation.score_details import ScoreDetails, frame_details, merge_details, tube_details

BOX = np.array([10, 10, 60, 80], np.float32)


def tube(label, length, score=1.0, start=0):
    return Tube(label, start, np.tile(BOX, (length, 1)), score)


def test_rankings_and_errors_are_of_the_same_detections():
    truth = LabelledBoxes(np.array([0, 1]), np.array([0, 0]), np.tile(BOX, (2, 1)).astype(float))
    boxes = np.tile(BOX, (3, 1)).astype(float) + np.array([[0], [0], [500]])
    found = ScoredBoxes(np.array([0, 0, 1]), np.zeros(3, np.int64), boxes, np.array([0.9, 0.8, 0.7]))
    matches = match_frames(found, truth, 2)
    details = frame_details(("run", "jump"), matches, counted_boxes(found, truth), truth)
    assert [(r.name, r.hits.tolist(), r.num_truth) for r in details.rankings] == [
        ("run", [True, False, False], 2),
        ("jump", [], 0),
    ]
    assert details.errors.counts.tolist() == [[1, 0, 0, 1, 0], [0, 0, 0, 0, 0]]
    assert details.ranking_rule == "frame AP at IoU 0.5"


def test_the_videos_with_the_smallest_overlap_come_first_and_their_best_tubes():
    truth = {"half": [tube(0, 8)], "whole": [tube(0, 8)], "none": [tube(1, 8)], "empty": []}
    found = {"half": [tube(0, 4, 0.2), tube(1, 8, 0.9)], "whole": [tube(0, 8)]}
    details = tube_details(("run", "jump"), truth, found, dict.fromkeys(truth, 12))
    assert [video.name for video in details.worst_videos] == ["none", "half", "whole"]
    assert [video.overlaps[0] for video in details.worst_videos] == pytest.approx([0, 0.5, 1])
    assert [t.score for t in details.worst_videos[1].found] == [0.9, 0.2]
    assert details.worst_videos[0].num_frames == 12


def test_not_more_than_eight_videos_are_shown():
    truth = {f"v{number:02}": [tube(0, 8)] for number in range(10)}
    details = tube_details(("run",), truth, {}, dict.fromkeys(truth, 8))
    assert [video.name for video in details.worst_videos] == list(truth)[:8]


def test_merged_details_take_each_part_from_the_first_that_has_it():
    first, second = ScoreDetails(classes=("a",), ranking_rule="r"), ScoreDetails(("b",), "about", ranking_rule="s")
    assert merge_details([first, second]) == ScoreDetails(("a",), "about", ranking_rule="r")
    assert merge_details([]) == ScoreDetails()
