import itertools

import numpy as np
import pytest

from tests.tubes.made import made_video
from yowo.tubes.online import OnlineLinker, gather_tubes
from yowo.tubes.provisional import acting_now

NOTHING = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64)
ONE = np.array([[10, 10, 60, 90]], np.float32), np.array([0.8], np.float32), np.zeros(1, np.int64)


def run(stream, video, look):
    """All steps, and what was current after each frame if wanted."""
    bounds = np.searchsorted(video.frames, np.arange(video.num_frames + 1))
    steps, seen = [], []
    for frame in range(video.num_frames):
        rows = slice(bounds[frame], bounds[frame + 1])
        steps += stream.update(frame, video.boxes_xyxy[rows], video.scores[rows], video.labels[rows])
        seen.append(stream.current() if look else [])
    return [*steps, *stream.finish()], seen


def best_by_trying(evidence, active, held, start_cost, patience, min_frames):
    """The last label and start of the last action of the best labelling of one track, by trying all labellings."""
    known, best = len(evidence), (-np.inf, False, -1)
    for labels in itertools.product((False, True), repeat=known):
        if active and not all(labels[:held]):
            continue
        total, begun, before = 0.0, -1, active
        start = 0
        for t, acts in enumerate([*labels, None]):
            if acts is not True and before and begun >= 0 and t - begun < min_frames:
                total = -np.inf
            if acts is True and not before:
                total, begun = total - start_cost, t
            before = acts is True
        total += sum(e for e, acts in zip(evidence, labels, strict=True) if acts)
        total += patience if labels[-1] else 0
        start = begun if labels[-1] else -1
        best = max(best, (total, labels[-1], start))
    return best[1], best[2]


@pytest.mark.parametrize("seed", range(25))
def test_the_last_label_is_that_of_the_best_of_all_labellings(seed):
    random = np.random.default_rng(seed)
    evidence, active = random.normal(0.05, 0.6, (4, 8)), random.random(4) < 0.5
    held = np.where(active, random.integers(0, 4, 4), 0)
    acts, starts = acting_now(evidence, active, held, 0.6, 0.4, 3)
    for row in range(4):
        wanted = best_by_trying(evidence[row], bool(active[row]), int(held[row]), 0.6, 0.4, 3)
        assert (bool(acts[row]), int(starts[row]) if acts[row] else -1) == wanted


@pytest.mark.parametrize("seed", range(2))
def test_a_number_that_was_told_is_that_of_the_final_tube_on_the_same_frame(seed):
    video, _ = made_video(seed)
    steps, seen = run(OnlineLinker().stream(), video, look=True)
    final = {(step.tube, step.start): step.boxes_xyxy[0] for step in steps if not step.ended}
    told = [(tube.tube, frame, tube.box_xyxy) for frame, tubes in enumerate(seen) for tube in tubes]
    near = [np.abs(final[tube, frame] - box).max() < 15 for tube, frame, box in told if (tube, frame) in final]
    assert len(near) > 0.7 * len(told) > 80, "some begin that do not come about, and some end sooner"
    assert np.mean(near) > 0.98


def test_looking_changes_nothing_but_numbers():
    video, _ = made_video(2)
    with_looks, without = (run(OnlineLinker().stream(), video, look)[0] for look in (True, False))

    def tubes(steps):
        return [(tube.label, tube.start, tube.score, tube.boxes.tolist()) for tube in gather_tubes(steps)]

    assert tubes(with_looks) == tubes(without)
    assert [step.tube for step in without if step.ended] == sorted(step.tube for step in without if step.ended)


def test_what_is_shown_at_once_covers_the_actions():
    video, truth = made_video(5)
    _, seen = run(OnlineLinker().stream(), video, look=True)
    for wanted in truth:
        inside = range(wanted.start + 12, wanted.start + len(wanted.boxes))
        assert sum(len(seen[frame]) > 0 for frame in inside) > 0.95 * len(inside)
    numbers = {tube.tube for tubes in seen for tube in tubes}
    assert len(numbers) <= 2 * len(truth)


def test_a_person_is_shown_after_the_shortest_action_and_leaves_as_soon():
    stream = OnlineLinker().stream()
    shown = []
    for frame in range(60):
        stream.update(frame, *(ONE if 10 <= frame < 40 else NOTHING))
        shown.append([(tube.tube, tube.start) for tube in stream.current()])
    assert shown[14] == [] and shown[15] == [(0, 10)]
    assert shown[39] == [(0, 10)]
    assert shown[46] == [] == shown[59]


def test_the_score_is_that_of_the_tube_if_it_ended_now():
    linker, scores = OnlineLinker(), []
    for stop in (20, 35, 50):
        stream = linker.stream()
        for frame in range(stop):
            stream.update(frame, *ONE)
        (now,) = stream.current()
        (tube,) = gather_tubes([*stream.finish()][-1:])
        scores.append((now.score, tube.score))
    assert [one for one, _ in scores] == [pytest.approx(other) for _, other in scores]


def test_nothing_is_current_before_the_first_frame_and_after_the_last():
    stream = OnlineLinker().stream()
    assert stream.current() == []
    for frame in range(30):
        stream.update(frame, *ONE)
    stream.finish()
    assert stream.current() == []
