import numpy as np
import pytest

from yowo.tubes.track_bank import TrackBank, greedy_pairs, widened

BOX = np.array([10.0, 20.0, 50.0, 100.0])


def right(by):
    return BOX + np.array([by, 0, by, 0])


def a_bank(positions, window=12, label=0):
    """A bank with one track whose box stands further to the right by `positions`; None: not seen."""
    bank = TrackBank(window)
    for position in positions:
        bank.next_frame(np.array([label]))
        if position is None:
            continue
        where = right(position)[None]
        if len(bank):
            bank.see(np.zeros(1, np.int64), where, np.ones(1), np.full(1, 0.5))
        else:
            bank.add(np.array([label]), where, np.ones(1), np.full(1, 0.5))
    return bank


def test_the_line_through_even_motion_is_the_motion():
    bank = a_bank([3.0 * step for step in range(12)])
    (box,) = bank.fitted(slice(None), 6, 2.0, stiffness=0.0)
    assert box == pytest.approx(right(18))
    (newest,) = bank.fitted(slice(None), 11, 2.0, stiffness=1e-6)
    assert newest == pytest.approx(right(33), abs=1e-3)


def test_a_gap_is_filled_between_its_ends():
    bank = a_bank([0, 1, 2, *[None] * 6, 9, 10, 11])
    (box,) = bank.fitted(slice(None), 5, 1.0)
    assert box[0] == pytest.approx(BOX[0] + 5, abs=1.5)


def test_frames_move_out_and_what_was_not_seen_has_no_weight():
    bank = a_bank([0, None, 2], window=2)
    assert bank.weights.tolist() == [[0, 1]]
    bank.next_frame(np.array([7]))
    assert bank.weights.tolist() == [[1, 0]]
    assert bank.charged.tolist() == [[True, False]]
    assert bank.unseen.tolist() == [1]


def test_of_two_tracks_at_one_place_the_weaker_is_closed_and_classes_are_apart():
    bank = TrackBank(5)
    bank.next_frame(np.array([0, 1]))
    boxes = np.stack([BOX, BOX + 1, BOX, BOX + 200])
    bank.add(np.array([0, 0, 1, 0]), boxes, np.ones(4), np.array([0.3, 0.6, 0.2, 0.1]))
    bank.close_doubles(2.0, 1.0, 0.5)
    assert bank.closed.tolist() == [True, False, False, False]


def test_of_two_tracks_at_one_place_the_one_that_acts_stays():
    bank = TrackBank(5)
    bank.next_frame(np.array([0]))
    bank.add(np.zeros(2, np.int64), np.stack([BOX, BOX]), np.ones(2), np.array([0.3, 0.6]))
    bank.tubes[0] = 4
    bank.close_doubles(2.0, 1.0, 0.5)
    assert bank.closed.tolist() == [False, True]


def test_forgotten_tracks_are_gone_from_every_array():
    bank = TrackBank(3)
    bank.next_frame(np.array([0]))
    bank.add(np.arange(3), np.stack([BOX] * 3), np.ones(3), np.ones(3))
    bank.keep(np.array([True, False, True]))
    assert len(bank) == 2 and bank.labels.tolist() == [0, 2]
    assert bank.corners.shape[2] == len(bank.charged) == len(bank.counts) == 2


def test_pairs_are_made_best_first_and_each_only_once():
    gain = np.array([[0.9, 0.8], [0.95, 0.1]])
    track, box = greedy_pairs(gain, np.ones((2, 2), bool))
    assert list(zip(track.tolist(), box.tolist(), strict=True)) == [(1, 0), (0, 1)]
    track, box = greedy_pairs(gain, np.array([[True, False], [True, False]]))
    assert (track.tolist(), box.tolist()) == ([1], [0])
    assert greedy_pairs(np.zeros((2, 0)), np.zeros((2, 0), bool))[0].tolist() == []


def test_widened_boxes_keep_their_centres():
    assert widened(BOX, 2.0).tolist() == [-10, -20, 70, 140]
    assert widened(BOX, 1.0).tolist() == BOX.tolist()


def test_a_box_is_the_same_with_and_without_the_frames_out_of_reach():
    bank = a_bank([0.0] * 4 + [40.0 + step for step in range(20)], window=24)
    (box,) = bank.fitted(slice(None), 23, 1.5)
    bank.weights[:, :14] = 0  # ten frames away: more than six times the window
    (without,) = bank.fitted(slice(None), 23, 1.5)
    assert box.tolist() == without.tolist()
    bank.weights[:, 15] = 0  # eight frames away
    assert bank.fitted(slice(None), 23, 1.5).tolist() != [without.tolist()]


def test_a_track_that_is_far_from_a_frame_is_fitted_from_where_it_is_and_the_others_as_before():
    apart = [100.0 + 2 * step for step in range(3)] + [None] * 21
    together = TrackBank(24)
    for step in range(24):
        together.next_frame(np.array([0]))
        if step == 0:
            together.add(np.zeros(2, np.int64), np.stack([right(100), right(0)]), np.ones(2), np.full(2, 0.5))
        elif step < 3:
            together.see(np.arange(2), np.stack([right(100 + 2 * step), right(step)]), np.ones(2), np.full(2, 0.5))
        else:
            together.see(np.array([1]), right(step)[None], np.ones(1), np.full(1, 0.5))
    far, near = together.fitted(slice(None), 23, 1.0, stiffness=0.0)
    assert far == pytest.approx(a_bank(apart, 24).fitted(slice(None), 23, 1.0, stiffness=0.0)[0])
    assert far == pytest.approx(right(146)) and near == pytest.approx(right(23))


def test_ages_count_from_the_first_box():
    bank = a_bank([None, 0.0, 1.0, None])
    assert (bank.ages.tolist(), bank.unseen.tolist()) == ([2], [1])
