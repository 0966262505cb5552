import pytest

from yowo.api import build_model
from yowo.inference.speed import ASSIGNED_CLIPS, ASSIGNMENTS, LEAST_CLIPS, assignment_seconds, frames_per_second
from yowo.models.postprocess import PostProcess


def test_frames_a_second_count_clips():
    detector = build_model("yowo_tiny", "motion")
    seen = []
    post = PostProcess(detector.exclusive_classes, 0.5, 0.5, 40)

    def counted(raw):
        seen.append(raw)
        return post(raw)

    assert frames_per_second(detector, counted, 8, (64, 64), seconds=0.0) > 0
    assert len(seen) == LEAST_CLIPS + 2


@pytest.mark.parametrize("dataset", ["ucf24", "ava"])
def test_the_assignment_of_a_crowded_batch_is_timed(monkeypatch, dataset):
    detector = build_model("yowo_tiny", dataset, 8)
    seen, assigner = [], detector.criterion.assigner

    def counted(raw, targets):
        seen.append(targets)
        assert len(raw["cls"]) == len(raw["boxes"]) == len(targets) == ASSIGNED_CLIPS
        return assigner(raw, targets)

    monkeypatch.setattr(detector.criterion, "assigner", counted)
    assert assignment_seconds(detector, 8, (64, 64)) > 0
    assert len(seen) == ASSIGNMENTS
    for target in seen[0]:
        assert 5 <= len(target["boxes"]) == len(target["labels"]) <= 10
        assert target["labels"].ndim == (2 if dataset == "ava" else 1)
