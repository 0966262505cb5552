import numpy as np
import pytest
import torch

from tests.make_data import pictures
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.config.frame_detector import build_frame_detector
from yowo.errors import ConfigError

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


def test_an_unknown_way_of_streaming_is_one_line():
    config = compose_config("train", [*TINY, "+streaming=fast"])
    with pytest.raises(ConfigError, match=r"^streaming=fast: expected exact or clip$"):
        build_frame_detector(config, build_detector(config), "cpu")
