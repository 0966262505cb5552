import numpy as np
import pytest

from yowo.datasets.motion_plan import (
    CLASSES,
    MIN_ACTION,
    ONSET,
    RATES,
    SIDES,
    SPEEDS,
    SPINS,
    Actor,
    outline_boxes,
    plan_video,
)

SIZE = (160, 120)
FRAMES = 48


@pytest.fixture(scope="module")
def plans():
    return [plan_video("train", index, FRAMES, SIZE, seed=5) for index in range(320)]


@pytest.fixture(scope="module")
def actors(plans):
    return [actor for plan in plans for actor in plan.actors]


def acting(actor: Actor) -> np.ndarray:
    """States of the annotated frames: [n, 4] of x, y, side, angle."""
    return actor.states[actor.start : actor.stop]


def of(actors, *names):
    return [actor for actor in actors if CLASSES[actor.label] in names]


def boxes_of(plan):
    return [outline_boxes(actor.figure.outline, actor.states) + np.tile(plan.camera, 2) for actor in plan.actors]


def test_equal_arguments_give_equal_plans_and_every_argument_counts():
    def states(*arguments, **options):
        return plan_video(*arguments, **options).actors[0].states

    first = states("train", 3, FRAMES, SIZE, seed=1)
    assert np.array_equal(first, states("train", 3, FRAMES, SIZE, seed=1))
    others = [
        states("val", 3, FRAMES, SIZE, seed=1),
        states("train", 4, FRAMES, SIZE, seed=1),
        states("train", 3, FRAMES, SIZE, seed=2),
    ]
    assert not any(np.array_equal(first, other) for other in others)


def test_eight_videos_hold_every_class():
    assert {plan_video("val", index, 16, SIZE).actors[0].label for index in range(8)} == set(range(8))


def test_videos_have_one_to_four_actors(plans):
    assert {len(plan.actors) for plan in plans} == {1, 2, 3, 4}


def test_about_half_of_the_actors_that_meet_no_limit_act_for_a_part_of_the_video_and_none_briefly(actors):
    lengths = np.array([actor.stop - actor.start for actor in actors])
    unlimited = np.array([CLASSES[actor.label] in ("spin", "swing") for actor in actors])
    assert 0.35 < np.mean(lengths[unlimited] < FRAMES - ONSET) < 0.65
    assert lengths.min() >= MIN_ACTION - ONSET
    assert np.median(lengths) >= 20


def test_actors_wait_about_where_they_begin_and_end(actors):
    waiting = [actor for actor in actors if actor.start > ONSET]
    assert waiting
    for actor in waiting:
        before = actor.states[: actor.start - ONSET + 1]
        assert np.abs(before[:, :2] - before[-1, :2]).max() < 3
        assert np.ptp(before[:, 2]) == 0
        assert np.array_equal(np.isclose(actor.states[actor.start], before[-1]).all(), False)


@pytest.mark.parametrize(
    ("name", "column", "sign"), [("move_left", 0, -1), ("move_right", 0, 1), ("move_up", 1, -1), ("move_down", 1, 1)]
)
def test_moves_go_their_way_at_a_steady_speed_above_the_shake(actors, name, column, sign):
    for actor in of(actors, name):
        steps = np.diff(acting(actor), axis=0)
        along = sign * steps[:, column]
        assert SPEEDS[0] - 0.01 < along.min() and along.max() < SPEEDS[1] + 0.01
        assert np.ptp(along) < 1e-6
        assert np.abs(np.delete(steps, column, axis=1)).max() == 0


def test_sizes_grow_or_shrink_steadily(actors):
    for actor in of(actors, "grow", "shrink"):
        sides = acting(actor)[:, 2]
        ratios = sides[1:] / sides[:-1] if CLASSES[actor.label] == "grow" else sides[:-1] / sides[1:]
        assert 1 + RATES[0] - 1e-4 < ratios.min() and ratios.max() < 1 + RATES[1] + 1e-4


def test_a_spin_turns_on_and_a_swing_turns_back_within_eight_frames(actors):
    for actor in of(actors, "spin"):
        steps = np.rad2deg(np.diff(acting(actor)[:, 3]))
        assert SPINS[0] - 0.1 < np.abs(steps).min() and np.abs(steps).max() < SPINS[1] + 0.1
        assert len(set(np.sign(steps))) == 1
    for actor in of(actors, "swing"):
        turns = np.sign(np.diff(acting(actor)[:, 3]))
        assert all(len(set(turns[i : i + 7])) == 2 for i in range(len(turns) - 6))
        assert np.ptp(acting(actor)[:, 3]) > np.deg2rad(20)
        assert np.ptp(acting(actor)[:, 0]) > 2


def test_the_camera_shakes_less_than_the_actors_move(plans):
    for plan in plans:
        assert np.abs(plan.camera).max() <= 5
        assert np.abs(plan.camera[8:] - plan.camera[:-8]).mean() < 4
    assert np.mean([np.abs(np.diff(plan.camera, axis=0)).mean() for plan in plans]) > 0.3


def test_actors_stay_in_the_picture_but_for_a_small_part(plans):
    for plan in plans:
        for boxes in boxes_of(plan):
            seen = np.clip(boxes, 0, np.tile(SIZE, 2))
            parts = np.prod(seen[:, 2:] - seen[:, :2], axis=1) / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
            assert parts.min() > 0.6


def test_boxes_of_two_actors_hardly_overlap_at_any_time(plans):
    for plan in plans:
        boxes = boxes_of(plan)
        for i in range(len(boxes)):
            for j in range(i):
                low, high = np.maximum(boxes[i], boxes[j])[:, :2], np.minimum(boxes[i], boxes[j])[:, 2:]
                shared = np.prod(np.clip(high - low, 0, None), axis=1)
                areas = [np.prod(boxes[k][:, 2:] - boxes[k][:, :2], axis=1) for k in (i, j)]
                assert (shared / (areas[0] + areas[1] - shared)).max() < 0.3


@pytest.mark.long
def test_one_box_does_not_give_the_class_away():
    """Nearest class mean, fitted on one half of the videos, is hardly better than chance (0.125) on the other."""
    random = np.random.default_rng(0)
    features, labels = [], []
    for index in range(800):
        plan = plan_video("train", index, FRAMES, SIZE, seed=9)
        for actor, boxes in zip(plan.actors, boxes_of(plan), strict=True):
            x1, y1, x2, y2 = np.clip(boxes[random.integers(actor.start, actor.stop)], 0, np.tile(SIZE, 2))
            centre, size = ((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1)
            features.append([*centre, *size, *np.abs(np.subtract(centre, np.array(SIZE) / 2))])
            labels.append(actor.label)
    points, truth = np.array(features), np.array(labels)
    points = (points - points.mean(0)) / points.std(0)
    half = len(points) // 2
    means = np.stack([points[:half][truth[:half] == label].mean(0) for label in range(len(CLASSES))])
    guesses = np.linalg.norm(points[half:, None] - means, axis=2).argmin(1)
    assert np.mean(guesses == truth[half:]) < 0.2


@pytest.mark.parametrize(("size", "scale"), [((80, 60), 0.5), ((160, 120), 1), ((320, 240), 2), ((320, 120), 1)])
def test_speeds_and_sides_scale_with_the_smaller_side_of_the_picture(size, scale):
    actor = plan_video("train", 0, 16, size).actors[0]
    assert CLASSES[actor.label] == "move_left"
    assert SPEEDS[0] - 0.01 < -np.diff(acting(actor)[:, 0]).mean() / scale < SPEEDS[1] + 0.01
    assert SIDES[0] - 0.1 < actor.states[0, 2] / scale < SIDES[1] + 0.1


def test_boxes_follow_side_angle_and_place_of_the_outline():
    outline = np.array([[-0.5, -0.25], [0.5, -0.25], [0.5, 0.25], [-0.5, 0.25]])
    states = np.array([[50.0, 40.0, 20.0, 0.0], [50.0, 40.0, 20.0, np.pi / 2]])
    assert np.allclose(outline_boxes(outline, states), [[40, 35, 60, 45], [45, 30, 55, 50]])
