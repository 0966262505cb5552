import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.conftest import GOLDEN
from tests.evaluation_cases import as_key_frames, as_rows, random_case
from tests.reference.frame_map_reference import frame_map
from yowo.errors import AnnotationError, ConfigError, YowoError
from yowo.evaluation.frame_ap import frame_average_precision
from yowo.evaluation.frame_map import FrameMAP
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes

CLASSES = ("never_found", "run", "jump", "swim", "never_there")
BOX = torch.tensor([[0.25, 0.25, 0.75, 0.75]])


def golden_case():
    arrays = np.load(GOLDEN / "metrics" / "frame_map.npz")
    detections = ScoredBoxes(
        arrays["detection_frame"],
        arrays["detection_label"],
        arrays["detection_box"].astype(float),
        arrays["detection_score"],
    )
    return detections, LabelledBoxes(arrays["truth_frame"], arrays["truth_label"], arrays["truth_box"].astype(float))


@pytest.mark.parametrize("case", json.loads((GOLDEN / "metrics" / "frame_map.json").read_text()))
def test_gives_the_golden_figures(case):
    result = frame_average_precision(*golden_case(), 6, case["iou_threshold"], case["round_boxes"])
    expected = [math.nan if ap is None else ap for ap in case["ap"]]
    assert result.ap.tolist() == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert result.map == pytest.approx(case["map"], abs=1e-9)


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("round_boxes", [True, False])
def test_equals_the_published_rules_box_by_box(seed, round_boxes):
    detections, truth = random_case(seed)
    threshold = [0.3, 0.5, 0.75][seed % 3]
    ap, mean = frame_map(*as_rows(detections, truth), 5, threshold, round_boxes)
    result = frame_average_precision(detections, truth, 5, threshold, round_boxes)
    assert result.ap.tolist() == pytest.approx(ap, abs=1e-9, nan_ok=True)
    assert result.map == pytest.approx(mean, abs=1e-9)


def test_frames_that_are_said_to_be_annotated_count_even_without_ground_truth():
    detections, truth = random_case(3)
    ap, _ = frame_map(*as_rows(detections, truth), 5, annotated=range(25))
    result = frame_average_precision(detections, truth, 5, annotated_frames=np.arange(25))
    assert result.ap.tolist() == pytest.approx(ap, abs=1e-9, nan_ok=True)
    assert result.map < frame_average_precision(detections, truth, 5).map


def test_without_any_ground_truth_the_mean_is_nan():
    detections, truth = random_case(0)
    nothing = LabelledBoxes(truth.frames[:0], truth.labels[:0], truth.boxes_xyxy[:0])
    assert math.isnan(frame_average_precision(detections, nothing, 5).map)


def metric_on(key_frames, **options):
    """A metric that has seen the key frames in batches of four."""
    metric = FrameMAP(CLASSES, **options)
    for start in range(0, len(key_frames[0]), 4):
        metric.update(*(part[start : start + 4] for part in key_frames))
    return metric


@pytest.mark.parametrize("seed", range(5))
def test_metric_equals_the_published_rules_box_by_box(seed):
    detections, truth = random_case(seed)
    detections = replace(detections, boxes_xyxy=detections.boxes_xyxy + 0.1)  # halves do not survive as fractions
    key_frames = as_key_frames(detections, truth)
    metric = metric_on(key_frames, iou_thresholds=(0.5, 0.75), frames="all")
    result, by_class = metric.compute(), metric.per_class()
    assert list(result) == ["frame_map/0.5", "frame_map/0.75"]
    for threshold in (0.5, 0.75):
        ap, mean = frame_map(*as_rows(detections, truth), 5, threshold, annotated=key_frames[0])
        assert float(result[f"frame_map/{threshold}"]) == pytest.approx(mean, abs=1e-9)
        assert by_class[f"{threshold}"] == pytest.approx(dict(zip(CLASSES, ap, strict=True)), abs=1e-9, nan_ok=True)


def test_fractions_in_single_precision_keep_an_overlap_of_exactly_the_threshold():
    corner = np.arange(150)
    truth_boxes = np.stack([corner, corner, corner + 9, corner + 9], axis=1).astype(float)
    truth = LabelledBoxes(corner, np.ones(150, dtype=np.int64), truth_boxes)
    half = truth_boxes - [0, 0, 0, 5]
    detections = ScoredBoxes(corner, truth.labels, half, np.linspace(0.1, 0.9, 150, dtype=np.float32))
    assert float(metric_on(as_key_frames(detections, truth)).compute()["frame_map/0.5"]) == 1


def test_key_frames_that_come_again_do_not_count_again():
    key_frames = as_key_frames(*random_case(1))
    metric = metric_on(key_frames)
    once = metric.compute()["frame_map/0.5"]
    metric.update(*(part[2:9] for part in key_frames))
    assert metric.compute()["frame_map/0.5"] == once


def test_the_order_of_the_batches_does_not_matter():
    key_frames = as_key_frames(*random_case(2))
    shuffled = np.random.default_rng(0).permutation(len(key_frames[0]))
    other = metric_on([[part[i] for i in shuffled] for part in key_frames])
    assert other.compute() == metric_on(key_frames).compute()


def test_multi_hot_labels_equal_the_same_rows_one_by_one():
    boxes = torch.tensor([[0.1, 0.1, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9]])
    scores = torch.tensor([[0.1, 0.8, 0.3, 0.2, 0.7], [0.2, 0.6, 0.9, 0.1, 0.4]])
    labels = torch.tensor([[0, 1, 1, 0, 0], [0, 0, 1, 0, 0]])
    many = FrameMAP(CLASSES)
    many.update([0], [{"boxes": boxes, "scores": scores}], [{"boxes": boxes, "labels": labels.float()}], [(480, 360)])
    single = FrameMAP(CLASSES)
    found = {"boxes": boxes.repeat_interleave(5, 0), "scores": scores.flatten(), "labels": torch.arange(5).repeat(2)}
    target = {"boxes": boxes[[0, 0, 1]], "labels": torch.tensor([1, 2, 2])}
    single.update([0], [found], [target], [(480, 360)])
    expected = {"never_found": math.nan, "run": 1.0, "jump": 1.0, "swim": math.nan, "never_there": math.nan}
    assert many.per_class()["0.5"] == pytest.approx(expected, nan_ok=True)
    assert single.per_class()["0.5"] == pytest.approx(expected, nan_ok=True)


def test_boxes_are_counted_in_the_pixels_of_their_own_size():
    narrow = torch.tensor([[0.25, 0.25, 0.5, 0.75]])
    found = {"boxes": narrow, "scores": torch.tensor([0.9]), "labels": torch.tensor([1])}
    results = []
    for size in [(4, 4), (4000, 4000)]:
        metric = FrameMAP(CLASSES, iou_thresholds=(0.55,))
        metric.update([0], [found], [{"boxes": BOX, "labels": torch.tensor([1])}], [size])
        results.append(float(metric.compute()["frame_map/0.55"]))
    assert results == [1, 0]


def test_a_key_frame_without_ground_truth_makes_false_positives():
    found = {"boxes": BOX, "scores": torch.tensor([0.9]), "labels": torch.tensor([1])}
    weaker = {**found, "scores": torch.tensor([0.5])}
    nothing = {"boxes": BOX[:0], "labels": torch.zeros(0, dtype=torch.int64)}
    metric = FrameMAP(CLASSES, frames="all")
    metric.update([0, 1], [found, weaker], [nothing, {"boxes": BOX, "labels": torch.tensor([1])}], [(320, 240)] * 2)
    assert float(metric.compute()["frame_map/0.5"]) == 0.5


def test_reset_forgets_and_per_class_follows_what_came_after():
    key_frames = as_key_frames(*random_case(4))
    metric = metric_on(key_frames)
    before = metric.per_class()
    metric.reset()
    target = {"boxes": BOX, "labels": torch.tensor([3])}
    metric.update([0], [{"boxes": BOX, "scores": torch.ones(1), "labels": torch.tensor([3])}], [target], [(320, 240)])
    after = metric.per_class()["0.5"]
    assert after["swim"] == 1 and math.isnan(after["run"]) and not math.isnan(before["0.5"]["run"])


def test_forward_gives_the_batch_and_keeps_the_whole():
    key_frames = as_key_frames(*random_case(4))
    metric = FrameMAP(CLASSES)
    first, second = ([part[a:b] for part in key_frames] for a, b in [(0, 6), (6, 99)])
    assert metric(*first) == metric_on(first).compute()
    metric(*second)
    assert metric.compute() == metric_on(key_frames).compute()


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_before_any_update_the_mean_is_nan():
    assert math.isnan(float(FrameMAP(CLASSES).compute()["frame_map/0.5"]))


def test_states_may_wait_on_the_cpu_and_leave_it_in_any_precision():
    key_frames = as_key_frames(*random_case(5))
    metric = metric_on(key_frames, compute_on_cpu=True).half()
    assert metric.compute() == metric_on(key_frames).compute()


def test_half_precision_detections_are_taken():
    found = {"boxes": BOX.bfloat16(), "scores": torch.ones(1).bfloat16(), "labels": torch.tensor([1])}
    metric = FrameMAP(CLASSES)
    metric.update([0], [found], [{"boxes": BOX, "labels": torch.tensor([1])}], [(320, 240)])
    assert float(metric.compute()["frame_map/0.5"]) == 1


def test_numbers_that_are_none_are_refused_by_the_key_frames_index():
    found = {"boxes": BOX, "scores": torch.ones(1), "labels": torch.tensor([1])}
    target = {"boxes": BOX, "labels": torch.tensor([1])}
    with pytest.raises(YowoError, match="key frame 31: a detection has a NaN"):
        FrameMAP(CLASSES).update(
            [30, 31], [found, {**found, "scores": torch.tensor([math.nan])}], [target] * 2, [(9, 9)] * 2
        )
    with pytest.raises(AnnotationError, match="key frame 30: a ground-truth box is NaN"):
        FrameMAP(CLASSES).update([30], [found], [{**target, "boxes": BOX * math.nan}], [(9, 9)])


@pytest.mark.parametrize("classes", [[], ["run", "run"]])
def test_impossible_classes_are_refused(classes):
    with pytest.raises(ConfigError, match="classes: expected different names, at least one"):
        FrameMAP(classes)


@pytest.mark.parametrize("thresholds", [(), (0.0,), (0.5, 1.5)])
def test_impossible_thresholds_are_refused(thresholds):
    with pytest.raises(ConfigError, match="iou_thresholds: expected numbers above 0 up to 1"):
        FrameMAP(CLASSES, iou_thresholds=thresholds)


def test_frames_without_ground_truth_count_only_where_all_frames_are_asked_for():
    detections, truth = random_case(2)
    key_frames = as_key_frames(detections, truth)
    annotated, every = metric_on(key_frames), metric_on(key_frames, frames="all")
    assert float(every.compute()["frame_map/0.5"]) < float(annotated.compute()["frame_map/0.5"])
    assert annotated.report()["frames"] == "annotated" and every.report()["frames"] == "all"
    with pytest.raises(ConfigError, match=r"frames: expected annotated or all, got some"):
        FrameMAP(CLASSES, frames="some")


def test_details_are_of_the_detections_that_count():
    metric = FrameMAP(["run", "jump"])
    box = torch.tensor([[0.1, 0.1, 0.5, 0.9]])
    found = {"boxes": box, "scores": torch.tensor([0.8]), "labels": torch.tensor([0])}
    truth, nothing = {"boxes": box, "labels": torch.tensor([0])}, {"boxes": box[:0], "labels": torch.zeros(0)}
    metric.update([0, 1], [found, found], [truth, nothing], [(320, 240)] * 2)
    details = metric.details()
    assert [ranking.hits.tolist() for ranking in details.rankings] == [[True], []]
    assert details.errors.counts.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert metric.save_detections("nowhere") is None
