import numpy as np
import pytest

from tests.tubes.made import made_video
from yowo.errors import ConfigError
from yowo.tubes.linking import VideoDetections
from yowo.tubes.online import OnlineLinker, TubeStep, gather_tubes
from yowo.tubes.overlap import tube_iou


def a_video(frames, boxes, scores, num_frames, labels=None):
    count = len(frames)
    boxes = np.array(boxes, np.float32).reshape(count, 4)
    labels = np.zeros(count, np.int64) if labels is None else np.array(labels)
    return VideoDetections(np.array(frames, np.int64), labels, np.array(scores, np.float32), boxes, num_frames)


@pytest.mark.parametrize("seed", range(4))
def test_two_actors_are_found_and_a_pause_makes_two_tubes(seed):
    video, truth = made_video(seed)
    tubes = OnlineLinker()(video, 2)
    assert len(tubes) == len(truth) == 3
    for wanted in truth:
        found = max(tubes, key=lambda tube: tube_iou(wanted, tube))
        assert tube_iou(wanted, found) > 0.7
        assert abs(found.start - wanted.start) <= 5
        assert abs(found.start + len(found.boxes) - wanted.start - len(wanted.boxes)) <= 5


def test_boxes_are_nearer_to_the_truth_than_those_of_a_linker_that_does_not_smooth():
    video, truth = made_video(7)

    def mean_overlap(linker):
        tubes = linker(video, 2)
        return np.mean([max(tube_iou(wanted, tube) for tube in tubes) for wanted in truth])

    assert mean_overlap(OnlineLinker()) > mean_overlap(OnlineLinker(box_window=0.3)) + 0.02


def test_many_videos_give_what_each_gives_alone():
    videos = [made_video(seed)[0] for seed in (1, 2)]
    linker = OnlineLinker()
    for video, tubes in zip(videos, linker.link_videos(videos, 2), strict=True):
        alone = linker(video, 2)
        assert [(t.label, t.start, t.score, t.boxes.tolist()) for t in tubes] == [
            (t.label, t.start, t.score, t.boxes.tolist()) for t in alone
        ]


def test_classes_do_not_disturb_each_other():
    video, _ = made_video(3)
    other = made_video(4)[0]
    both = np.argsort(np.concatenate([video.frames, other.frames]), kind="stable")
    joined = VideoDetections(
        np.concatenate([video.frames, other.frames])[both],
        np.concatenate([video.labels, other.labels - 1])[both],
        np.concatenate([video.scores, other.scores])[both],
        np.concatenate([video.boxes_xyxy, other.boxes_xyxy])[both],
        video.num_frames,
    )
    linker = OnlineLinker()
    alone, among_others = linker(video, 2), [tube for tube in linker(joined, 2) if tube.label == 1]
    assert [tube.start for tube in among_others] == [tube.start for tube in alone]
    assert [tube.score for tube in among_others] == pytest.approx([tube.score for tube in alone])


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    def spans(gap):
        frames = [*range(30), *range(30 + gap, 60 + gap)]
        boxes = [[20 + frame, 20, 80 + frame, 120] for frame in frames]
        tubes = OnlineLinker(max_delay=16, max_gap=16)(a_video(frames, boxes, [0.8] * 60, 60 + gap), 1)
        return sorted((tube.start, tube.start + len(tube.boxes)) for tube in tubes), tubes

    found, (tube,) = spans(8)
    assert found == [(0, 68)]
    assert np.abs(tube.boxes[:, 0] - (20 + np.arange(68))).max() < 2, "the gap is filled along the way"
    assert spans(25)[0] == [(0, 30), (55, 85)]


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_short_and_empty_videos_have_no_tube(frames):
    assert OnlineLinker()(a_video(range(frames), np.ones((frames, 4)), [0.9] * frames, max(frames, 1)), 1) == []


def test_equal_scores_give_the_same_tubes_every_time():
    boxes = [[x, 20, x + 40, 100] for frame in range(40) for x in (10, 90)]
    video = a_video(np.repeat(np.arange(40), 2), boxes, [0.75] * 80, 40)
    tubes = OnlineLinker()(video, 1)
    assert sorted(tube.boxes[20, 0] for tube in tubes) == pytest.approx([10, 90])
    again = OnlineLinker()(video, 1)
    assert [tube.boxes.tolist() for tube in tubes] == [tube.boxes.tolist() for tube in again]


def test_steps_are_gathered_by_tube_and_the_last_score_counts():
    box = np.ones((1, 4), np.float32)
    steps = [
        TubeStep(0, 1, 5, box, 0.3, False),
        TubeStep(1, 0, 5, box, 0.2, False),
        TubeStep(0, 1, 6, 2 * box, 0.4, False),
        TubeStep(1, 0, 6, box[:0], 0.2, True),
        TubeStep(0, 1, 7, box[:0], 0.5, True),
    ]
    first, second = gather_tubes(steps)
    assert (first.label, first.start, len(first.boxes), first.score) == (0, 5, 1, 0.2)
    assert (second.label, second.start, second.boxes[:, 0].tolist(), second.score) == (1, 5, [1, 2], 0.5)


@pytest.mark.parametrize("options", [{"max_delay": 0}, {"max_gap": 0}, {"min_frames": 30}, {"min_frames": 0}])
def test_impossible_parameters_are_refused(options):
    with pytest.raises(ConfigError, match=r"expected max_delay and max_gap of 1 or more and min_frames from 1 to"):
        OnlineLinker(**options)
