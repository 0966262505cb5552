import numpy as np
import pytest

from yowo.contracts import Tube
from yowo.evaluation.tube_matching import RankedTubes, rank_tubes

STILL = np.array([[0, 0, 9, 9]] * 4, dtype=np.float32)


def ranked(videos, overlaps):
    count = len(videos)
    return RankedTubes(
        np.array(videos), np.zeros(count, np.int64), np.arange(count, 0, -1.0), [np.array(o) for o in overlaps], 9
    )


def test_the_second_best_free_tube_is_taken():
    taken = ranked([0, 0, 0], [[0.9, 0.6], [0.8, 0.7], [0.9, 0.9]]).taken(0.5)
    assert taken.tolist() == [0, 1, -1]


def test_videos_do_not_share_their_tubes():
    assert ranked([0, 1, 0], [[0.9], [0.9], [0.9]]).taken(0.5).tolist() == [0, 0, -1]


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, [0]), (0.6, [-1])])
def test_an_overlap_of_exactly_the_threshold_counts(threshold, expected):
    assert ranked([0], [[0.5]]).taken(threshold).tolist() == expected


def test_tubes_are_ranked_by_score_over_videos_and_keep_their_order_in_ties():
    found = {
        "b": [Tube(0, 0, STILL, 0.5), Tube(0, 0, STILL + 50, 0.9)],
        "a": [Tube(0, 0, STILL, 0.5), Tube(1, 0, STILL, 0.7)],
        "unknown": [Tube(0, 0, STILL, 1.0)],
    }
    truth = {"a": [Tube(0, 0, STILL)], "b": [Tube(0, 0, STILL), Tube(1, 0, STILL)]}
    first, second = rank_tubes(found, truth, 2)
    assert list(zip(first.videos.tolist(), first.places.tolist(), strict=True)) == [(1, 1), (0, 0), (1, 0)]
    assert first.num_truth == 2 and second.num_truth == 1
    assert second.overlaps[0].tolist() == []
    assert first.taken(0.5).tolist() == [-1, 0, 0]
