from itertools import product

import numpy as np
import pytest

from yowo.tubes.fixed_lag import acting

START_COST, PATIENCE, MIN_FRAMES = 1.5, 0.5, 3


def value(labels, evidence, active, patience):
    """What a labelling of the frames ahead is worth; None if it starts more than one action besides the one going on."""
    starts = sum(one and not before for one, before in zip(labels, (active, *labels), strict=False))
    if starts > 1 + (not active and labels[0]):
        return None
    lasting = patience if active and all(labels) else 0.0
    return sum(e for e, one in zip(evidence, labels, strict=True) if one) - START_COST * starts + lasting


def best(evidence, active, first, least=1):
    """The greatest value of a labelling that begins with `first`, and goes on so for `least` frames."""
    found = [
        value(labels, evidence, active, PATIENCE)
        for labels in product((False, True), repeat=len(evidence))
        if all(label == first for label in labels[:least])
    ]
    return max(worth for worth in found if worth is not None)


def decide(evidence, active, held=False):
    flags = np.array([active]), np.array([held])
    return bool(acting(np.array([evidence]), *flags, START_COST, PATIENCE, MIN_FRAMES)[0])


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("active", [False, True])
def test_the_decision_is_that_of_the_best_labelling_of_the_frames_ahead(seed, active):
    evidence = np.random.default_rng(seed).normal(0.1, 0.9, 8)
    goes_on = best(evidence, active, True, 1 if active else MIN_FRAMES)
    assert decide(evidence, active) == (goes_on > best(evidence, active, False))


def test_an_action_starts_where_its_evidence_begins_and_not_before():
    evidence = [-0.2, -0.2, 0.6, 0.6, 0.6, 0.6]
    assert [decide(evidence[start:], active=False) for start in range(3)] == [False, False, True]


def test_a_dip_is_bridged_if_that_costs_less_than_a_new_start():
    assert decide([-0.4, -0.4, 0.9, 0.9], active=True)
    assert not decide([-1.0, -1.0, 0.9, 0.9, 0.9], active=True)


def test_a_held_action_does_not_end_and_a_short_one_does_not_start():
    assert decide([-1.0] * 4, active=True, held=True)
    assert not decide([-1.0] * 4, active=True)
    assert not decide([5.0, 5.0], active=False)
    assert decide([5.0, 5.0, 0.0], active=False)
