import numpy as np
import torch
from omegaconf import open_dict

from tests.exported_cases import small_detector
from tests.make_data import project
from yowo.commands.export_clips import CHECKED, calibration_clips, checked_clips, measured, prepared_data
from yowo.config.compose import compose_config
from yowo.video.writer import VideoWriter


def test_clips_of_a_video_are_spread_over_it(tmp_path):
    path = tmp_path / "a.mp4"
    with VideoWriter(path, fps=25, size=(64, 48)) as writer:
        for place in range(20):
            writer.write(np.full((48, 64, 3), 10 * place, np.uint8))
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=[32,32]"])
    with open_dict(config):
        config.source = str(path)
    clips, where = checked_clips(config)
    assert clips.shape == (CHECKED, 3, config.dataset.clip_len, 32, 32) and where == "a.mp4"
    means = clips.mean(dim=(1, 3, 4))
    assert (means[0] == means[0, 0]).all() and (means[1:, -1] > means[:-1, -1]).all()


def test_calibration_and_figures_come_from_the_two_splits(tmp_path):
    folder = project(tmp_path / "mine")
    more = [
        "model=yowo_tiny",
        "dataset=custom",
        f"dataset.root={folder}",
        "dataset.image_size=[32,32]",
        "dataset.clip_len=8",
    ]
    config = compose_config("train", more)
    with open_dict(config):
        config.source, config.calibration_clips, config.eval_clips = None, 3, 4
    data = prepared_data(config)
    assert [tuple(clip.shape) for clip in calibration_clips(config, data)] == [(1, 3, 8, 32, 32)] * 3
    clips, where = checked_clips(config)
    assert len(clips) and "held-out" in where
    classes = len(config.dataset.classes)
    net = small_detector(classes)
    seen = []

    def network(given):
        seen.append(given)
        return net(given)

    with torch.no_grad():
        figures = measured(config, data, net.postprocess, {"fp32": network, "int8": network})
    assert figures["fp32"].keys() == figures["int8"].keys() and "frame_map/0.5" in figures["fp32"]
    assert 2 <= len(seen) <= 8 and torch.equal(seen[0], seen[1])
