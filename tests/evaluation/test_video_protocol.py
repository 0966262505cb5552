import json

import numpy as np
import pytest

from tests.make_data import write_annotation
from yowo.contracts import Tube
from yowo.errors import AnnotationError, ConfigError, YowoError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.video_protocol import score_table, score_videos

CLASSES = ("run", "jump")
BOX = np.array([10, 10, 60, 80], np.float32)


def table(videos=("a", "b"), num_frames=(6, 4), rows=()):
    columns = list(zip(*rows, strict=True)) or [[], [], [], [], []]
    return DetectionTable(
        videos=tuple(videos),
        num_frames=np.array(num_frames, np.int32),
        video=np.array(columns[0], np.int32),
        frame=np.array(columns[1], np.int32),
        cls=np.array(columns[2], np.int32),
        score=np.array(columns[3], np.float32),
        box=np.array(columns[4], np.float32).reshape(-1, 4),
    )


def found_everywhere(video, frames, label=0, score=0.9):
    return [(video, frame, label, score, BOX) for frame in range(1, frames + 1)]


TRUTH = {"a": [Tube(0, 0, np.tile(BOX, (6, 1)))], "b": [Tube(0, 1, np.tile(BOX, (2, 1)))]}


def test_detections_that_are_right_score_one():
    scores = score_table(table(rows=found_everywhere(0, 6) + found_everywhere(1, 4)), TRUTH, CLASSES)
    assert scores.frame["annotated"].map == 1.0
    assert scores.frame["all"].map < 1.0
    assert scores.video["0.5"].ap[0] == 1.0 and scores.video["0.75"].ap[0] == pytest.approx(0.5, abs=1e-3)


def test_videos_are_matched_by_name_whatever_their_order():
    rows = found_everywhere(1, 6) + found_everywhere(0, 4)
    swapped = score_table(table(("b", "a"), (4, 6), rows), TRUTH, CLASSES)
    straight = score_table(table(rows=found_everywhere(0, 6) + found_everywhere(1, 4)), TRUTH, CLASSES)
    assert json.dumps(swapped.metrics()) == json.dumps(straight.metrics())


def test_a_video_that_is_not_listed_counts_with_its_ground_truth():
    scores = score_table(table(("a",), (6,), found_everywhere(0, 6)), TRUTH, CLASSES)
    assert scores.video["0.5"].ap[0] == pytest.approx(0.5, abs=1e-4)
    assert scores.frame["annotated"].ap[0] == pytest.approx(6 / 8)


def test_annotation_beyond_the_end_of_a_video_stays_in_that_video():
    scores = score_table(table(num_frames=(3, 4), rows=found_everywhere(0, 3) + found_everywhere(1, 4)), TRUTH, CLASSES)
    assert scores.frame["annotated"].ap[0] == pytest.approx(5 / 8)


def test_without_any_detection_all_figures_are_zero():
    metrics = score_table(table(), TRUTH, CLASSES).metrics()
    assert metrics["frame_map"] == {"0.5": 0.0} and set(metrics["video_map"].values()) == {0.0}
    assert metrics["num_tubes"] == 0 and np.isnan(metrics["frame_ap"]["0.5"]["jump"])


def test_tubes_of_several_classes_in_a_video_keep_them_only_where_that_is_asked_for():
    truth = {"a": [Tube(0, 0, np.tile(BOX, (6, 1))), Tube(1, 0, np.tile(BOX + 100, (6, 1)))]}
    found = table(("a",), (6,), found_everywhere(0, 6))
    assert score_table(found, truth, CLASSES).video["0.5"].ap.tolist() == [0, 0]
    assert score_table(found, truth, CLASSES, one_class_a_video=False).video["0.5"].ap.tolist() == [1, 0]


@pytest.fixture
def files(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Basketball/a": (9, [(1, 1, 6)]), "Biking/b": (9, [(3, 2, 3)])})
    table(("Basketball/a",), (9,), found_everywhere(0, 9)).save(tmp_path / "det.npz")
    return tmp_path


def test_only_the_videos_of_the_detections_are_scored_unless_a_split_is_given(files):
    assert list(score_videos(files / "det.npz", files / "a.mat").truth) == ["Basketball/a"]
    (files / "split.txt").write_text("Basketball/a\nBiking/b\n")
    both = score_videos(files / "det.npz", files / "a.mat", split=files / "split.txt")
    assert list(both.truth) == ["Basketball/a", "Biking/b"] and np.isnan(both.frame["annotated"].ap[1])
    assert both.frame["annotated"].ap[2] == 0


def test_an_unknown_video_is_named_unless_it_is_listed(files):
    table(("Basketball/a", "Biking/new"), (9, 9), found_everywhere(1, 9)).save(files / "det.npz")
    with pytest.raises(AnnotationError, match=r"det\.npz: video Biking/new is not in .*a\.mat"):
        score_videos(files / "det.npz", files / "a.mat")
    (files / "videos.txt").write_text("Biking/new\n")
    scores = score_videos(files / "det.npz", files / "a.mat", videos=files / "videos.txt")
    assert scores.truth["Biking/new"] == []


def test_impossible_arguments_are_refused(files):
    with pytest.raises(YowoError, match=r"frames: expected annotated or all, got some"):
        score_videos(files / "det.npz", files / "a.mat", frames="some")
    with pytest.raises(ConfigError, match=r"iou: expected numbers above 0 up to 1"):
        score_videos(files / "det.npz", files / "a.mat", iou=[2.0])


@pytest.mark.shared
def test_golden_figures(shared):
    folder = shared / "golden" / "metrics"
    expected = json.loads((folder / "ucf24_public_expected.json").read_text())
    annotation = shared / "data" / "ucf101-24-mini" / "finalAnnots.mat"
    scores = score_videos(folder / "ucf24_public_detections.npz", annotation)
    assert scores.frame["annotated"].map == pytest.approx(expected["frame_map"]["map"], abs=1e-9)
    assert scores.frame["all"].map == pytest.approx(0.58268, abs=1e-5)
    for name, figures in expected["video_map"].items():
        assert scores.video[name].map * 100 == pytest.approx(figures["map_percent"], abs=1e-9)
        if "ap_percent" in figures:
            assert np.round(scores.video[name].ap * 100, 2).tolist() == figures["ap_percent"]
            assert (scores.video[name].exact * 100).tolist() == pytest.approx(figures["ap_unrounded_percent"], abs=1e-5)
