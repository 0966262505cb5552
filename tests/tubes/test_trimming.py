import numpy as np
import pytest

from tests.tubes.made import PAUSING, STEADY, made_video, spans
from yowo.tubes.linking import VideoDetections
from yowo.tubes.overlap import tube_iou
from yowo.tubes.trimming import TrimmedLinker


@pytest.mark.parametrize("seed", range(4))
def test_start_and_end_of_two_actors_are_found_and_a_pause_makes_two_tubes(seed):
    video, truth = made_video(seed)
    tubes = TrimmedLinker()(video, 2)
    assert len(tubes) == 3
    for wanted in truth:
        assert max(tube_iou(wanted, tube) for tube in tubes) > 0.7
    starts = sorted(tube.start for tube in tubes)
    assert np.abs(np.array(starts) - sorted([PAUSING[0][0], PAUSING[1][0], STEADY[0][0]])).max() <= 4


def test_boxes_are_nearer_to_the_truth_than_the_detections_are():
    video, truth = made_video(7)
    wanted = truth[0]
    tube = max(TrimmedLinker()(video, 2), key=lambda tube: tube_iou(wanted, tube))
    raw = TrimmedLinker(box_window=0.0)(video, 2)
    assert tube_iou(wanted, tube) > max(tube_iou(wanted, other) for other in raw)


def test_the_level_lies_between_low_and_high_scores_whatever_their_scale():
    frames = np.arange(100)
    scores = np.where(frames < 50, 0.1, 0.9)
    linker = TrimmedLinker(level_share=0.5)
    assert linker.level(frames, scores) == pytest.approx(0.45)
    assert linker.level(frames, scores / 10) == pytest.approx(0.045)


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    def video(gap):
        frames = np.concatenate([np.arange(30), np.arange(30 + gap, 60 + gap)])
        boxes = np.tile(np.array([20, 20, 80, 120], np.float32), (60, 1))
        return VideoDetections(frames, np.zeros(60, np.int64), np.full(60, 0.8, np.float32), boxes, 60 + gap)

    linker = TrimmedLinker(max_gap=12)
    assert spans(linker(video(8), 1)) == [(0, 68)]
    assert spans(linker(video(20), 1)) == [(0, 30), (50, 80)]


@pytest.mark.parametrize("frames", [1, 5])
def test_short_and_empty_videos_have_no_tube(frames):
    ones = VideoDetections(
        np.arange(frames),
        np.zeros(frames, np.int64),
        np.ones(frames, np.float32),
        np.ones((frames, 4), np.float32),
        frames,
    )
    assert TrimmedLinker()(ones, 1) == []
    nothing = VideoDetections(*(np.zeros(0, np.int64),) * 2, np.zeros(0, np.float32), np.zeros((0, 4), np.float32), 9)
    assert TrimmedLinker()(nothing, 1) == []
    assert TrimmedLinker().link_videos([ones, nothing], 1) == [[], []]


def test_a_crowd_that_does_the_same_has_a_tube_each_where_parts_are_not_limited():
    frames = np.repeat(np.arange(40), 20)
    left = np.tile(np.arange(20) * 40, 40)
    boxes = np.stack([left, 0 * left, left + 30, 0 * left + 60], axis=1).astype(np.float32)
    crowd = VideoDetections(frames, np.zeros(800, np.int64), np.full(800, 0.9, np.float32), boxes, 40)
    assert len(TrimmedLinker()(crowd, 1)) == 8
    assert sorted(round(float(tube.boxes[0, 0])) for tube in TrimmedLinker(max_parts=None)(crowd, 1)) == list(
        range(0, 800, 40)
    )
