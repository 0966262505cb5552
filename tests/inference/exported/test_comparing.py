import torch

from tests.exported_cases import clips, small_detector
from yowo.inference.exported.comparing import difference


def test_the_largest_difference_of_scores_and_boxes_is_found():
    raw = small_detector()(clips(2))
    same = difference(raw, {**raw}, 3)
    assert same == (0.0, 0.0) and same.worst == 0
    confidence = raw["conf"].detach().clone()
    confidence[1, 3] = 50.0
    found = difference(raw, {**raw, "conf": confidence}, 3)
    assert abs(found.scores - (1 - float(raw["conf"][1, 3].sigmoid()))) < 1e-6 and found.boxes == 0
    boxes = raw["boxes"].detach().clone().clamp(0, 60)
    moved = boxes + torch.tensor([0.0, 0.0, 0.0, 3.2])
    found = difference({**raw, "boxes": boxes}, {**raw, "boxes": moved}, 3)
    assert abs(found.boxes - 0.05) < 1e-6 and found.scores == 0
    assert found.joined(same) == found


def test_what_is_no_number_or_missing_or_of_another_shape_is_infinitely_far():
    raw = small_detector()(clips(2))
    broken = raw["cls"].detach().clone()
    broken[0, 0, 0] = float("nan")
    for other in (
        {**raw, "cls": broken},
        {**raw, "cls": raw["cls"][:1]},
        {k: v for k, v in raw.items() if k != "conf"},
    ):
        assert not difference(raw, other, 3).worst <= 1e-4
