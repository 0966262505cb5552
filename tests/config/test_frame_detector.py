import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from tests.exported_cases import facts, small_detector
from tests.make_data import pictures
from tests.yowof_cases import small_yowof
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.config.frame_detector import build_frame_detector, streaming_way
from yowo.errors import ConfigError
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.exported.network import ExportedFile
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
    config = compose_config("train", [*TINY, "streaming=exact", "+score_threshold=0.0"])
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


class Nothing:
    name = "a program 1.0"


@pytest.mark.parametrize(
    ("chosen", "make", "device", "way"),
    [
        ("auto", small_yowof, "cpu", "state"),
        ("auto", small_yowof, "cuda", "state"),
        ("auto", small_detector, "cpu", "exact"),
        ("auto", small_detector, "cuda", "clip"),
        ("exact", small_yowof, "cuda", "exact"),
        ("clip", small_yowof, "cpu", "clip"),
        ("auto", lambda: ExportedFile(Nothing(), facts(streaming="state")), "cpu", "state"),
        ("exact", lambda: ExportedFile(Nothing(), facts()), "cpu", "clip"),
    ],
)
def test_auto_is_how_the_network_is_used_best(chosen, make, device, way):
    assert streaming_way(OmegaConf.create({"streaming": chosen}), make(), torch.device(device)) == way


def test_a_training_computes_clips():
    assert streaming_way(OmegaConf.create({}), small_yowof(), torch.device("cpu")) == "clip"


@pytest.mark.parametrize(("chosen", "own"), [("state", "clip"), ("exact", "state"), ("clip", "state")])
def test_a_file_that_computes_something_else_is_refused(chosen, own):
    file = ExportedFile(Nothing(), facts(streaming=own))
    with pytest.raises(ConfigError, match=f"streaming={chosen}: this file was exported with streaming={own}; leave it"):
        streaming_way(OmegaConf.create({"streaming": chosen}), file, torch.device("cpu"))


def test_a_recurrent_network_carries_its_state_over_all_frames_also_those_in_between():
    torch.manual_seed(0)
    config = compose_config("train", ["model=yowof_r18", "dataset=motion", "dataset.image_size=32", "streaming=auto"])
    config.dataset.show_threshold = 0.0
    detector, shown = build_detector(config), pictures(4, 0)
    torch.nn.init.normal_(detector.head.cls_pred.weight, std=0.5)
    every = build_frame_detector(config, detector, "cpu").add(shown, [True] * 4)
    some = build_frame_detector(config, detector, "cpu").add(shown, [True, False, False, True])
    assert some[1] is some[2] is None
    torch.testing.assert_close(some[3]["scores"], every[3]["scores"], rtol=1e-4, atol=1e-5)
    config.streaming = "state"
    with pytest.raises(ConfigError, match=r"streaming=state: Detector has no state to carry from frame to frame"):
        build_frame_detector(config, small_detector(), "cpu")
