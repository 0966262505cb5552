import numpy as np

from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.linked_tubes import link_table
from yowo.tubes.linking import YowoLinker


def test_rows_of_a_table_reach_their_video_in_the_order_of_frames():
    table = DetectionTable(
        videos=("b", "empty", "a"),
        num_frames=np.array([3, 4, 2], np.int32),
        video=np.array([2, 0, 0, 2], np.int32),
        frame=np.array([2, 3, 1, 1], np.int32),
        cls=np.array([1, 0, 0, 1], np.int32),
        score=np.array([0.5, 0.3, 0.1, 0.7], np.float32),
        box=np.arange(4, dtype=np.float32)[:, None] + [0, 0, 5, 5],
    )
    tubes = link_table(YowoLinker(), table, 2)
    assert list(tubes) == ["b", "empty", "a"] and tubes["empty"] == []
    assert [(t.label, t.boxes[:, 0].tolist()) for t in tubes["b"]] == [(0, [2, 2, 1])]
    assert [(t.label, t.boxes[:, 0].tolist()) for t in tubes["a"]] == [(1, [3, 0])]
