import pytest

from yowo.reports.speed_chart import speed_chart


def test_each_group_is_a_point_at_its_mean_time_and_accuracy_with_a_dot_for_each_run():
    figure = speed_chart(["a", "b", "c"], [[10.0, 20.0], [4.0], []], {"frame-mAP@0.5": [[50.0, 70.0], [30.0], [90.0]]})
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["a", "b"]  # detection of c was not timed
    points = [line.get_xydata().tolist() for line in axes.lines]
    assert [[15.0, 60.0]] in points and [[10.0, 50.0], [20.0, 70.0]] in points and [[4.0, 30.0]] in points
    across, upwards = (lines.get_segments()[0] for lines in axes.collections[:2])
    assert across[:, 0] == pytest.approx([15 - 50**0.5, 15 + 50**0.5])
    assert upwards[:, 1] == pytest.approx([60 - 200**0.5, 60 + 200**0.5])


def test_a_panel_a_result():
    figure = speed_chart(["a"], [[1.0]], {"frame-mAP@0.5": [[1.0]], "video-mAP@0.5": [[2.0]]})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["frame-mAP@0.5, %", "video-mAP@0.5, %"]
