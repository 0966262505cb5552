import pytest
import torch

from benchmarks.released_training import released_step
from yowo.errors import ConfigError

NETWORK = """
import cv2
from dataset.transforms import Augmentation
import torch
class YOWO(torch.nn.Module):
    made = []
    def __init__(self, cfg, device, img_size, anchor_size, len_clip=16, num_classes=20, trainable=False):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.given = (cfg, img_size, anchor_size, num_classes, trainable)
        YOWO.made.append(self)
    def forward(self, clips, targets):
        return {"losses": self.weight.sum() * clips.mean() * len(targets)}
"""
CONFIG = (
    "yowo_config = {'yowo_nano': {'anchor_size': {'ucf24': [[1, 2]]}, 'pretrained_2d': True, 'pretrained_3d': True}}"
)


def test_a_step_trains_the_network_of_the_checkout(tmp_path, monkeypatch):
    for folder in ("config", "models", "models/detector", "models/detector/yowo"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "config" / "yowo_config.py").write_text(CONFIG)
    (tmp_path / "models" / "detector" / "yowo" / "yowo.py").write_text(NETWORK)
    import sys

    before = dict(sys.modules)
    try:
        step = released_step(tmp_path, "yowo_nano", 3, 64, 8, "cpu")
        step(torch.ones(2, 3, 8, 4, 4), [{"boxes": torch.zeros(1, 4), "labels": torch.zeros(1)}] * 2)
        (made,) = sys.modules["models.detector.yowo.yowo"].YOWO.made
    finally:
        for name in set(sys.modules) - set(before):
            del sys.modules[name]
    config, size, anchors, classes, trainable = made.given
    assert not config["pretrained_2d"] and not config["pretrained_3d"]
    assert (size, anchors, classes, trainable) == (64, [[1, 2]], 3, True)
    assert made.weight.item() < 1 and made.weight.grad is None


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a checkout of yjh0410/PyTorch_YOWO with models/detector/"):
        released_step(tmp_path, "yowo_nano", 3, 64, 8, "cpu")
