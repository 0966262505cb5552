import numpy as np
import torch

from tests.inference.scenes import picture_of
from yowo.inference.carried import Carried, between, carried_frame
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameTube


def carried(label, person, x, score):
    path = FrameTube(9, person, label, (x + 2.0, 0.0, x + 48.0, 90.0), 0.6)
    return Carried(label, person, np.array([x, 0, x + 50, 100], np.float32), score, 0, path)


def test_tubes_move_evenly_from_one_frame_to_the_next_and_those_on_one_only_are_left_out():
    before, after = {1: carried(0, 1, 10, 0.8), 2: carried(0, 2, 100, 0.5)}, {1: carried(0, 1, 30, 0.4)}
    (tube,) = between(before, after, 0.25).values()
    assert tube.box_xyxy.tolist() == [15, 0, 65, 100] and abs(tube.score - 0.7) < 1e-9 and tube.person == 1
    assert tube.path.box == (17, 0, 63, 90) and between(before, None, 0.25)[1].path == before[1].path
    assert list(between(before, None, 0.25)) == [1, 2] and between({}, after, 0.5) == {}


def test_a_carried_frame_has_rows_and_detections_of_its_tubes_best_first():
    result = FrameResult(3, picture_of(3), {}, 0.12)
    tubes = {1: carried(4, 1, 10, 0.3), 7: carried(2, 2, 100, 0.9)}
    frame = carried_frame(result, tubes, None)
    assert frame.tracks.tolist() == [7, 1] and frame.people.tolist() == [2, 1]
    assert [path.label for path in frame.tubes] == [2, 4]
    assert frame.rows.labels.tolist() == [2, 4] and frame.rows.owners.tolist() == [0, 1]
    assert frame.result.seconds == 0.12 and frame.result.picture is result.picture
    found = frame.result.detections
    assert found["labels"].tolist() == [2, 4]
    np.testing.assert_allclose(found["boxes"][0], [100 / 320, 0, 150 / 320, 100 / 240], rtol=1e-6)


def test_the_actions_of_a_person_share_a_box():
    tubes = {1: carried(0, 1, 12, 0.3), 2: carried(2, 1, 10, 0.9), 3: carried(1, 2, 200, 0.5)}
    frame = carried_frame(FrameResult(3, picture_of(3), {}, 0.12), tubes, 3)
    assert frame.tracks.tolist() == [2, 3, 1] and frame.rows.owners.tolist() == [0, 1, 0]
    assert frame.rows.boxes_xyxy[2].tolist() == [10, 0, 60, 100]
    found = frame.result.detections
    assert torch.allclose(found["scores"], torch.tensor([[0.3, 0, 0.9], [0, 0.5, 0]]))
    assert torch.allclose(found["confidence"], torch.tensor([0.9, 0.5]))


def test_no_tube_is_a_frame_without_rows():
    for classes in (None, 3):
        frame = carried_frame(FrameResult(3, picture_of(3), {}, 0.12), {}, classes)
        assert len(frame.tracks) == len(frame.rows.scores) == len(frame.result.detections["boxes"]) == 0
