import numpy as np
import torch

from tests.make_data import pictures
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.config.frame_detector import build_frame_detector
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.sliding_detections import SlidingDetections

TINY = ["model=yowo_tiny", "dataset=motion"]


def test_the_network_of_a_configuration_detects_on_frames_above_its_threshold():
    torch.manual_seed(0)
    config = compose_config("train", TINY)
    detector, shown = build_detector(config), pictures(3, 0)
    config.dataset.show_threshold = 0.0
    frames = build_frame_detector(config, detector, "cpu")
    every = frames.add(shown, [True, False, True])
    assert every[1] is None and len(every[0]["scores"]) > 1
    frames.reset()
    again = frames.add(shown[:1], [True])
    np.testing.assert_allclose(again[0]["scores"], every[0]["scores"], rtol=1e-5)
    config.dataset.show_threshold = float(every[0]["scores"].median())
    some = build_frame_detector(config, detector, "cpu").add(shown[:1], [True])
    assert 0 < len(some[0]["scores"]) < len(every[0]["scores"])


def test_streaming_slides_where_it_can_and_says_where_it_cannot(caplog):
    torch.manual_seed(0)
    config = compose_config("train", [*TINY, "+streaming=exact", "+score_threshold=0.0"])
    detector, shown = build_detector(config), pictures(12, 0)
    sliding = build_frame_detector(config, detector, "cpu")
    config.streaming = "clip"
    clips = build_frame_detector(config, detector, "cpu")
    assert isinstance(sliding, SlidingDetections) and isinstance(clips, ClipDetector)
    for one, other in zip(sliding.add(shown, [True] * 12), clips.add(shown, [True] * 12), strict=True):
        for key in ("boxes", "scores", "labels"):
            torch.testing.assert_close(one[key], other[key], rtol=1e-4, atol=1e-5)
    config.streaming = "auto"
    assert isinstance(build_frame_detector(config, detector, "cpu"), SlidingDetections)
    config.streaming = "exact"
    detector = build_detector(config)
    detector.backbone3d.stem_layers = None
    with caplog.at_level("INFO"):
        assert isinstance(build_frame_detector(config, detector, "cpu"), ClipDetector)
    assert caplog.messages == [
        "each clip is computed anew (streaming=clip): its 3D backbone ResNet3D does not tell its stem"
    ]
