import json

import numpy as np
import pytest

from tests.reference.linking_reference import link
from yowo.contracts import Tube
from yowo.evaluation.detection_table import DetectionTable
from yowo.tubes.linking import VideoDetections, YowoLinker, link_scores, suppress


def random_video(seed, frames=12, classes=2, most=5):
    """Boxes with equal scores, empty frames, and frames of one box."""
    random = np.random.default_rng(seed)
    number = np.sort(np.repeat(np.arange(frames), random.integers(0, most, frames)))
    corner = random.integers(0, 60, (len(number), 2))
    boxes = np.concatenate([corner, corner + random.integers(10, 50, corner.shape)], axis=1).astype(np.float32)
    scores = (random.integers(1, 9, len(number)) / 8).astype(np.float32)
    return VideoDetections(number, random.integers(0, classes, len(number)), scores, boxes, frames)


def rows_of(video, label):
    return [np.flatnonzero((video.frames == f) & (video.labels == label)).tolist() for f in range(video.num_frames)]


@pytest.mark.parametrize("seed", range(30))
def test_paths_equal_the_rules_written_out(seed):
    video = random_video(seed, frames=1 + seed % 15)
    found = YowoLinker().find_paths([video], 2)
    for label in range(2):
        expected = link(rows_of(video, label), video.boxes_xyxy, video.scores)
        paths = found.get((0, label))
        assert ([] if paths is None else paths.rows.tolist()) == expected


def test_many_videos_at_once_give_what_each_gives_alone():
    videos = [random_video(seed, frames=3 + 5 * (seed % 4), most=2 + seed % 5) for seed in range(12)]
    linker = YowoLinker()
    together = linker.link_videos(videos, 2)
    for video, tubes in zip(videos, together, strict=True):
        alone = linker(video, 2)
        assert [(t.label, t.score, t.boxes.tolist()) for t in tubes] == [
            (t.label, t.score, t.boxes.tolist()) for t in alone
        ]
    assert any(len(tubes) > 2 for tubes in together)


def test_a_tube_spans_the_whole_video_and_the_nearest_boxes_fill_gaps():
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    video = VideoDetections(
        np.array([2, 6]), np.zeros(2, np.int64), np.array([0.5, 0.25], np.float32), boxes, num_frames=9
    )
    (tube,) = YowoLinker()(video, 1)
    assert tube.start == 0 and tube.boxes[:, 0].tolist() == [0] * 5 + [50] * 4
    assert tube.score == pytest.approx((5 * 0.5 + 4 * 0.25) / 9)


def test_a_video_without_detections_has_no_tube():
    nothing = VideoDetections(*(np.zeros(0, np.int64),) * 2, np.zeros(0, np.float32), np.zeros((0, 4), np.float32), 5)
    assert YowoLinker()(nothing, 3) == []


def test_links_score_overlap_and_confidence():
    box = np.array([[0, 0, 10, 10]], np.float32)
    links = link_scores(
        box, np.array([0.5], np.float32), np.array([[5, 0, 15, 10]], np.float32), np.array([0.25], np.float32)
    )
    assert links[0, 0] == pytest.approx(50 / 150 + 0.75 + 0.5 * 0.125)


def test_suppression_keeps_the_best_and_drops_overlaps_above_the_threshold():
    box = np.tile(np.array([0, 0, 9, 9], np.float32), (4, 1))
    tubes = [Tube(0, 0, box), Tube(0, 0, box + 1), Tube(0, 0, box + 40)]
    assert suppress(tubes, np.array([0.2, 0.9, 0.5], np.float32), 0.3) == (1, 2)
    assert suppress(tubes, np.array([0.5, 0.5, 0.5], np.float32), 0.3) == (2, 1)


@pytest.mark.shared
def test_golden_paths(shared):
    folder = shared / "golden" / "metrics"
    table = DetectionTable.load(folder / "ucf24_public_detections.npz", num_classes=24)
    for item in json.loads((folder / "linking_public_expected.json").read_text())["items"]:
        index = table.videos.index(item["video"])
        rows = np.flatnonzero(table.video == index)
        video = VideoDetections(
            table.frame[rows].astype(np.int64) - 1,
            table.cls[rows].astype(np.int64),
            table.score[rows],
            table.box[rows],
            int(table.num_frames[index]),
        )
        found = YowoLinker().find_paths([video], 24).get((0, item["cls"]))
        paths = [] if found is None else found.rows
        assert len(paths) == len(item["paths"])
        for path, expected in zip(paths, item["paths"], strict=True):
            columns = (np.arange(1, len(path) + 1)[:, None], video.boxes_xyxy[path], video.scores[path][:, None])
            assert np.array_equal(np.concatenate(columns, axis=1).astype(np.float32), np.array(expected, np.float32))
        assert list(found.kept if found else ()) == item["kept"]
