import torch

from yowo.commands import detection_time as module
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.inference.frame_times import FrameTimes
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.recurrent import CarriedState


def test_a_network_is_timed_as_detection_runs_it_on_frames_of_its_own_size(monkeypatch):
    given = {}

    def frame_times(detectors, pictures, seconds, turns, warm_up):
        given.update(detector=detectors[""], pictures=pictures, seconds=seconds, warm_up=warm_up)
        return {"": FrameTimes([0.004, 0.002, 0.003], 0.0015)}

    monkeypatch.setattr(module, "frame_times", frame_times)
    overrides = ["model=yowof_tiny", "dataset=motion", "dataset.image_size=[32,64]", "time_detection=2"]
    config = compose_config("train", overrides)
    times = module.detection_time(config, build_detector(config), torch.device("cpu"))
    assert times == {"cpu_ms_a_frame": 1.5, "ms_a_frame": 3.0}
    assert given["pictures"].shape[1:] == (32, 64, 3) and given["seconds"] == 2 and given["warm_up"] == 16
    assert isinstance(given["detector"], SlidingDetections) and isinstance(given["detector"]._network, CarriedState)
