import sys
from argparse import Namespace

import numpy as np
import pytest
import torch

from benchmarks.released_inference import ReleasedDetector, clips_of, released_network, table
from yowo.errors import ConfigError
from yowo.inference.frame_times import FrameTimes, moving_pictures

NETWORK = """
import torch
class YOWO(torch.nn.Module):
    def __init__(self, cfg, device, img_size, anchor_size, len_clip, num_classes, **options):
        super().__init__()
        self.norm = torch.nn.BatchNorm3d(2)
        self.given = (cfg, img_size, anchor_size, len_clip, num_classes, options)
"""
CONFIG = "yowo_config = {'yowo': {'anchor_size': {'ucf24': [[1, 2]]}, 'pretrained_2d': True, 'pretrained_3d': True}}"


@pytest.fixture
def checkout(tmp_path):
    for folder in ("config", "models", "models/detector", "models/detector/yowo"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "config" / "yowo_config.py").write_text(CONFIG)
    (tmp_path / "models" / "detector" / "yowo" / "yowo.py").write_text(NETWORK)
    before = dict(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def test_the_released_network_is_made_for_detection(checkout):
    made = released_network(checkout, "yowo_plus", 64, 8, "cpu")
    config, size, anchors, clip_len, classes, options = made.given
    assert not config["pretrained_2d"] and not config["pretrained_3d"] and not options["trainable"]
    assert (size, anchors, clip_len, classes, options["topk"]) == (64, [[1, 2]], 8, 24, 40)
    assert not made.training and (made.norm.running_var != 1).all()


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a checkout of yjh0410/PyTorch_YOWO with models/detector/"):
        released_network(tmp_path, "yowo_nano", 64, 8, "cpu")


def test_the_released_network_gets_the_clip_of_each_frame():
    pictures = moving_pictures(4, (8, 8))
    clips = clips_of(pictures, lambda frames, targets: (frames[0].float().transpose(0, 1)[None], targets), 3, "cpu")
    of_frames = [clip[0].permute(1, 2, 3, 0).numpy() for clip in clips]
    for frame, shown in ((0, [0, 0, 0]), (1, [0, 0, 1]), (3, [1, 2, 3])):
        assert (of_frames[frame] == pictures[shown]).all()
    seen = []

    def network(clip):
        seen.append(clip)
        return [np.array([0.5])], [np.array([3])], [np.array([[0.1, 0.2, 0.3, 0.4]])]

    ours = ReleasedDetector(network, clips)
    (found,) = ours.add(pictures[:1], [True])
    assert found["labels"].tolist() == [3] and found["boxes"].shape == (1, 4) and found["scores"].tolist() == [0.5]
    for _ in range(4):
        ours.add(pictures[:1], [True])
    assert seen[4] is clips[0]


def test_ratios_are_to_the_released_code():
    options = Namespace(device="cpu", size=224, clip_len=16)
    times = {"released": FrameTimes([0.9], 0.4), "exact": FrameTimes([0.2], 0.1)}
    found = [{"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0)}]
    made = table("yowo_nano", options, 1e9, dict.fromkeys(times, "title"), times, dict.fromkeys(times, found))
    assert [list(column.cells) for column in made.columns][4] == ["1.00", "4.00"]
