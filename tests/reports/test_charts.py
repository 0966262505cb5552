import math

import numpy as np
import pytest

from yowo.contracts import Tube
from yowo.evaluation.score_details import ClassRanking, VideoTubes
from yowo.reports.charts import class_bars, error_bars, recall_curves, run_bars, tube_bars


def widths(axes):
    return [bar.get_width() for bar in axes.patches]


def words(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_class_bars_are_as_long_as_the_ap_and_the_mean_leaves_out_unknown_classes():
    figure = class_bars({"AP": {"full": 1.0, "half": 0.5, "none": 0.0, "absent": math.nan}})
    assert widths(figure.axes[0]) == [100, 50, 0, 0] and words(figure) == ["100.0", "50.0", "0.0", "–"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["full", "half", "none", "absent"]
    assert figure.axes[0].get_title(loc="right") == "mean 50.0 %"


def test_several_series_share_the_classes_and_have_a_legend():
    figure = class_bars({"ours": {"a": 0.25, "b": 0.5}, "published": {"b": 0.75}})
    assert widths(figure.axes[0]) == [25, 50, 0, 75] and words(figure) == ["25.0", "50.0", "–", "75.0"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "published"]


def test_classes_without_any_ground_truth_have_no_mean():
    assert class_bars({"AP": {"a": math.nan}}).axes[0].get_title(loc="right") == ""


def test_error_bars_are_divided_in_proportion():
    figure = error_bars(["a", "b"], ["right", "wrong"], np.array([[3, 1], [0, 0]]))
    assert widths(figure.axes[0]) == [75, 0, 25, 0]
    assert [bar.get_x() for bar in figure.axes[0].patches] == [0, 0, 75, 0] and words(figure) == ["4", "0"]


def test_each_class_with_ground_truth_has_a_curve_through_its_precision_and_recall():
    rankings = [
        ClassRanking("run", np.array([True, False, True]), 4),
        ClassRanking("never", np.zeros(0, np.bool_), 0),
        ClassRanking("missed entirely, with a long name", np.zeros(0, np.bool_), 2),
    ]
    figure = recall_curves(rankings)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["run", "missed entirely, wit…"]
    recall, precision = figure.axes[0].lines[0].get_data()
    assert recall.tolist() == [0, 0.25, 0.25, 0.5] and precision.tolist() == pytest.approx([1, 1, 0.5, 2 / 3])
    assert len(figure.axes[1].lines[0].get_xdata()) == 0


def test_tubes_are_bars_over_their_frames_and_the_best_detected_ones_are_shown():
    box = np.zeros((1, 4), np.float32)
    found = tuple(Tube(place % 2, place, np.repeat(box, 3, axis=0), 1 - place / 10) for place in range(8))
    video = VideoTubes("v", 20, (Tube(0, 5, np.repeat(box, 10, axis=0)),), (0.25,), found)
    axes = tube_bars(video, ("run", "jump")).axes[0]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(5, 10), *((start, 3) for start in range(6))]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:3] == ["truth: run, best IoU 0.25", "run 1.00", "jump 0.90"]
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert colours[1] == colours[3] and len({colours[0], colours[1], colours[2]}) == 3


def test_runs_have_a_bar_for_each_group_and_a_dot_for_each_run():
    figure = run_bars(["a", "b"], {"frame-mAP@0.5": [[30.0, 50.0], []], "video-mAP@0.5": [[10.0], [20.0]]})
    assert widths(figure.axes[0]) == [40, 0] and widths(figure.axes[1]) == [10, 20]
    dots = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dots == [[30, 50], []]
    assert len(run_bars(["all runs"], {}).axes) == 1
