from yowo.api import build_model
from yowo.inference.speed import LEAST_CLIPS, frames_per_second
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
