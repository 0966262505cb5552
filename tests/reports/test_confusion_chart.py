import numpy as np
import pytest

from yowo.reports.confusion_chart import confusion_chart


@pytest.mark.parametrize(("classes", "numbers"), [(2, {"75", "25", "100"}), (40, set())])
def test_cells_show_percent_of_their_row_where_there_is_room(classes, numbers):
    counts = np.zeros((classes, classes + 1), np.int64)
    counts[0, :2] = 3, 1
    counts[1, -1] = 7
    axes = confusion_chart([f"c{i}" for i in range(classes)], counts).axes[0]
    shown = [text.get_text() for text in axes.texts]
    assert set(shown[:-classes]) == numbers
    assert shown[-classes:][:2] == ["4", "7"]
    assert [label.get_text() for label in axes.get_xticklabels()][-1] == "missed"
