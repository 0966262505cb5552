import numpy as np
import pytest

from tests.reference.tube_stream_reference import OnlineStream as FirstStream
from tests.tubes.made import made_video
from yowo.errors import YowoError
from yowo.tubes.online import OnlineLinker, gather_tubes
from yowo.tubes.tube_stream import TubeStep

NOTHING = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64)
ONE = np.array([[10, 10, 60, 90]], np.float32), np.array([0.8], np.float32), np.zeros(1, np.int64)


def run(stream, video, stop=None):
    """What came after each frame."""
    bounds = np.searchsorted(video.frames, np.arange(video.num_frames + 1))
    steps = []
    for frame in range(video.num_frames if stop is None else stop):
        rows = slice(bounds[frame], bounds[frame + 1])
        found = stream.update(frame, video.boxes_xyxy[rows], video.scores[rows], video.labels[rows])
        steps += [(frame, step) for step in found]
    return steps


def told(steps):
    return [(f, s.tube, s.label, s.start, s.boxes_xyxy.tolist(), s.score, s.ended) for f, s in steps]


def test_the_stream_gives_the_tubes_of_the_whole_video():
    video, _ = made_video(1)
    linker = OnlineLinker()
    stream = linker.stream()
    steps = [step for _, step in run(stream, video)]
    streamed, batch = gather_tubes([*steps, *stream.finish()]), linker(video, 2)
    assert len(batch) == len(streamed) > 0
    for one, other in zip(batch, streamed, strict=True):
        assert (one.label, one.start, one.score) == (other.label, other.start, other.score)
        assert np.array_equal(one.boxes, other.boxes)


def test_what_was_said_does_not_depend_on_what_comes_later():
    video, _ = made_video(2)
    linker = OnlineLinker()
    steps = run(linker.stream(), video)
    assert told(run(linker.stream(), video, stop=100)) == told([(f, s) for f, s in steps if f < 100])


@pytest.mark.parametrize("delay", [8, 20])
def test_every_frame_is_decided_once_and_in_time(delay):
    video, _ = made_video(2)
    following = {}
    ended = set()
    for frame, step in run(OnlineLinker(max_delay=delay).stream(), video):
        assert step.tube not in ended
        assert following.setdefault(step.tube, step.start) == step.start == frame - delay
        assert len(step.boxes_xyxy) == (0 if step.ended else 1)
        following[step.tube] += len(step.boxes_xyxy)
        ended |= {step.tube} if step.ended else set()
    assert len(ended) >= 2


def test_finishing_ends_every_tube_and_the_stream_can_begin_anew():
    linker = OnlineLinker()
    stream = linker.stream()
    first = [*(step for frame in range(40) for step in stream.update(frame, *ONE)), *stream.finish()]
    assert [step.tube for step in first if step.ended] == [0]
    assert sum(len(step.boxes_xyxy) for step in first) == 40
    second = [*(step for frame in range(40, 80) for step in stream.update(frame, *ONE)), *stream.finish()]
    assert [(step.tube, step.start) for step in second if step.ended] == [(1, 80)]
    assert second[0].start == 40


def test_memory_does_not_grow_with_the_stream():
    stream = OnlineLinker(max_delay=10, max_gap=10).stream()

    def held():
        return sum(getattr(stream.bank, name).nbytes for name in ("corners", "weights", "scores", "labels"))

    for frame in range(100):
        stream.update(frame, *ONE)
    before = held()
    for frame in range(100, 400):
        stream.update(frame, *ONE)
    assert held() == before > 0
    for frame in range(400, 440):
        stream.update(frame, *NOTHING)
    assert len(stream.bank) == 0


def test_frames_that_are_left_out_count_as_frames_without_detections():
    def steps(frames):
        stream = OnlineLinker(max_delay=10, max_gap=10).stream()
        found = [step for frame in frames for step in stream.update(frame, *(ONE if frame % 50 < 30 else NOTHING))]
        return [(s.tube, s.start, s.boxes_xyxy.tolist(), s.ended) for s in found]

    seen = [frame for frame in range(200) if frame % 50 < 30]
    assert steps(seen) == [step for step in steps(range(200)) if step[1] < 190 - 20]
    assert steps([0, 10**9]) == []


def test_weak_detections_of_a_class_do_not_act_beside_strong_ones():
    stream = OnlineLinker().stream()
    boxes = np.array([[10, 10, 60, 90], [200, 10, 260, 90]], np.float32)
    scores, labels = np.array([0.9, 0.2], np.float32), np.zeros(2, np.int64)
    steps = [*(s for frame in range(60) for s in stream.update(frame, boxes, scores, labels)), *stream.finish()]
    assert {round(float(box[0])) for step in steps for box in step.boxes_xyxy} == {10}


def test_wrong_frames_and_arrays_are_refused():
    stream = OnlineLinker().stream()
    stream.update(5, *ONE)
    with pytest.raises(YowoError, match=r"frame 5: expected a frame after 5"):
        stream.update(5, *ONE)
    with pytest.raises(YowoError, match=r"frame 6: expected boxes \[N, 4\], scores \[N\] and labels \[N\]"):
        stream.update(6, ONE[0], np.ones(2, np.float32), ONE[2])
    with pytest.raises(YowoError, match=r"frame 7: expected finite boxes and scores, got NaN"):
        stream.update(7, ONE[0] * np.float32(np.nan), ONE[1], ONE[2])


def a_crowd(seed, people, classes, num_frames=70):
    """The boxes, scores and labels of each frame: people who walk through each other, with copies, misses and pauses."""
    random = np.random.default_rng(seed)
    start, speed = random.random((people, 2)) * 200, random.normal(0, 2, (people, 2))
    size, strength = 30 + 60 * random.random((people, 2)), random.random((people, classes))
    for frame in range(num_frames):
        centre = start + frame * speed + random.normal(0, 2, (people, 2))
        boxes = np.repeat(np.concatenate([centre - size / 2, centre + size / 2], axis=1), classes, axis=0)
        scores = np.clip(strength * (1 + 0.3 * np.sin(frame / 9)) + random.normal(0, 0.1, strength.shape), 0, 1)
        labels = np.tile(np.arange(classes), people)
        rows = np.flatnonzero(random.random(len(labels)) < 0.8)
        rows = np.concatenate([rows, random.choice(rows, len(rows) // 4)]) if len(rows) else rows
        moved = boxes[rows] + np.round(random.normal(0, 3, (len(rows), 4)))
        if frame % 23 != 11:
            yield frame, moved.astype(np.float32), scores.reshape(-1)[rows].astype(np.float32), labels[rows]


@pytest.mark.parametrize(
    ("people", "classes", "options"),
    [(1, 1, {}), (5, 3, {}), (3, 12, {}), (4, 2, {"widening": 0.7, "max_delay": 7, "max_gap": 5, "copy_iou": 0.2})],
)
def test_tubes_equal_those_of_comparing_every_track_with_every_box_and_all_frames(people, classes, options):
    linker = OnlineLinker(**options)
    now, first = linker.stream(), FirstStream(linker.options)
    steps, wanted = list[TubeStep](), list[TubeStep]()
    for frame, boxes, scores, labels in a_crowd(people, people, classes):
        steps += now.update(frame, boxes, scores, labels)
        wanted += first.update(frame, boxes, scores, labels)
        assert len(steps) == len(wanted)
    steps, wanted = [*steps, *now.finish()], [*wanted, *first.finish()]
    assert [step._replace(boxes_xyxy=None) for step in steps] == [step._replace(boxes_xyxy=None) for step in wanted]
    for step, other in zip(steps, wanted, strict=True):  # frames far from a box's are left out: float32 rounds alike
        assert step.boxes_xyxy.shape == other.boxes_xyxy.shape
        assert np.allclose(step.boxes_xyxy, other.boxes_xyxy, rtol=0, atol=1e-4)
    assert now.tubes == first.tubes > 0
