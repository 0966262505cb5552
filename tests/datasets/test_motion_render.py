import av
import numpy as np
import pytest

from yowo.datasets.motion_plan import CLASSES, Actor, Figure, Plan, outline_boxes, plan_video
from yowo.datasets.motion_render import coverage_box, make_video, render_video, write_video

SIZE = (160, 120)
SQUARE = np.array([[-0.35, -0.35], [0.35, -0.35], [0.35, 0.35], [-0.35, 0.35]])


def plan_of(*states, camera=None, size=SIZE):
    """Squares with the given states [T, 4] over an empty ground."""
    actors = tuple(Actor(Figure(SQUARE, look), 0, 0, len(s), np.array(s, float)) for look, s in enumerate(states))
    shift = np.zeros((len(states[0]), 2)) if camera is None else np.array(camera, float)
    return Plan("train", size, shift, actors, (), 3)


def test_boxes_are_tight_around_what_is_drawn():
    empty, _ = next(render_video(plan_of([[-500, 0, 30, 0]])))
    for state in ([60, 50, 40, 0.0], [60.5, 50.25, 30, 0.7], [100, 30, 56, 2.0]):
        (frame, ((x1, y1, x2, y2),)) = next(render_video(plan_of([state])))
        rows, columns = np.nonzero(np.abs(frame.astype(int) - empty).max(axis=2) > 40)
        assert (x1, y1) == pytest.approx((columns.min(), rows.min()), abs=1.5)
        assert (x2, y2) == pytest.approx((columns.max() + 1, rows.max() + 1), abs=1.5)


def test_boxes_agree_with_the_plan_to_a_part_of_a_pixel():
    states = np.column_stack([60 + 0.3 * np.arange(10), np.full(10, 50.0), np.full(10, 40.0), np.zeros(10)])
    boxes = np.array([found for _, (found,) in render_video(plan_of(states))])
    assert np.abs(boxes - outline_boxes(SQUARE, states)).max() < 0.3
    assert np.allclose(np.diff(boxes[:, 0]), 0.3, atol=0.15)


def test_boxes_are_clipped_to_the_picture():
    ((x1, y1, x2, y2),) = next(render_video(plan_of([[5, 115, 40, 0]])))[1]
    assert (x1, y2) == (0, 120)
    assert (x2, y1) == pytest.approx((19, 101), abs=0.3)


def test_the_part_that_a_nearer_actor_hides_does_not_count():
    behind, before = next(render_video(plan_of([[60, 60, 40, 0]], [[80, 60, 40, 0]])))[1]
    assert behind[2] == pytest.approx(before[0], abs=0.5)
    assert behind[2] < 60 + 14 - 5


def test_an_actor_that_is_not_seen_has_no_box():
    hidden, _ = next(render_video(plan_of([[60, 60, 25, 0]], [[60, 60, 56, 0]])))[1]
    assert hidden is None


def test_the_camera_shifts_ground_and_actors_alike():
    plan = plan_of([[60, 50, 40, 0]] * 2, camera=[[0, 0], [4, -3]])
    (first, (still,)), (second, (moved,)) = render_video(plan)
    assert np.subtract(moved, still) == pytest.approx([4, -3, 4, -3], abs=0.2)
    assert np.abs(second[:-3, 4:].astype(int) - first[3:, :-4]).max() <= 2


def alone(name, num_frames=24):
    """A plan with one actor, of this class."""
    indices = range(CLASSES.index(name), 800, len(CLASSES))
    plans = (plan_video("train", index, num_frames, SIZE) for index in indices)
    return next(plan for plan in plans if len(plan.actors) == 1)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [("move_left", lambda box: -box[:, 0] - box[:, 2]), ("grow", lambda box: np.prod(box[:, 2:] - box[:, :2], axis=1))],
)
def test_a_planned_action_is_seen_in_the_boxes(name, quantity):
    plan = alone(name)
    actor = plan.actors[0]
    boxes = np.array([found[0] for _, found in render_video(plan)])[actor.start : actor.stop]
    whole = (boxes[:, :2] > 0).all(axis=1) & (boxes[:, 2:] < SIZE).all(axis=1)
    seen = quantity(boxes - np.tile(plan.camera, 2)[actor.start : actor.stop])[whole]
    assert len(seen) > 5
    assert (np.diff(seen) > 0).mean() > 0.9 and seen[-1] > seen[0]


def test_coverage_is_measured_to_a_part_of_a_pixel():
    coverage = np.zeros((6, 8), dtype=np.float32)
    coverage[2:4, 3:6] = 1
    assert coverage_box(coverage) == (3, 2, 6, 4)
    coverage[:, 6] = coverage[:, 5] * 0.5
    assert coverage_box(coverage) == pytest.approx((3, 2, 7 - 0.5, 4))
    assert coverage_box(np.full((4, 4), 0.4, dtype=np.float32)) is None
    assert coverage_box(np.ones((4, 5), dtype=np.float32)) == (0, 0, 5, 4)


def test_files_are_h264_without_b_frames_and_show_the_drawn_frames(tmp_path):
    frames = [frame for frame, _ in render_video(plan_video("train", 1, 16, SIZE))]
    write_video(tmp_path / "v.mp4", iter(frames), SIZE)
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        decoded = list(container.decode(stream))
        assert (stream.codec_context.name, stream.average_rate, stream.codec_context.format.name) == (
            "h264",
            25,
            "yuv420p",
        )
    assert [frame.pts for frame in decoded] == sorted(frame.pts for frame in decoded) and len(decoded) == 16
    assert [number for number, frame in enumerate(decoded) if frame.key_frame] == [0, 12]
    for frame, picture in zip(decoded, frames, strict=True):
        assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - picture).mean() < 8


def test_equal_frames_give_equal_files_whatever_was_encoded_before(tmp_path):
    videos = [[f for f, _ in render_video(plan_video("train", index, 16, (64, 48)))] for index in range(3)]
    files = [set(), set(), set()]
    for _ in range(15):
        for frames, found in zip(videos, files, strict=True):
            write_video(tmp_path / "v.mp4", iter(frames), (64, 48))
            found.add((tmp_path / "v.mp4").read_bytes())
    assert [len(found) for found in files] == [1, 1, 1]


def test_the_annotation_leaves_out_the_frames_in_which_an_actor_waits(tmp_path):
    index = next(i for i in range(50) if any(a.start > 0 for a in plan_video("val", i, 30, (64, 48), 2).actors))
    rows = make_video(tmp_path / "v.mp4", "val", index, 30, (64, 48), 2)
    for number, actor in enumerate(plan_video("val", index, 30, (64, 48), 2).actors):
        mine = [row for row in rows if row[3] == number]
        assert [row[0] for row in mine] == list(range(actor.start, actor.stop))
        assert {row[2] for row in mine} == {actor.label}
    assert rows == sorted(rows, key=lambda row: (row[0], row[3]))
