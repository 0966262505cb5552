import numpy as np
import pytest
import torch

from yowo.commands.annotated_video import drawn, pick_device
from yowo.errors import ConfigError


def test_devices_are_found_or_named():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    with pytest.raises(ConfigError, match=r"device=toaster: expected auto, cpu, cuda, cuda:N or mps"):
        pick_device("toaster")
    with pytest.raises(ConfigError, match=r"device=cuda:99: this machine has"):
        pick_device("cuda:99")


def test_multi_hot_detections_are_drawn_too():
    found = {
        "boxes": torch.tensor([[0.2, 0.2, 0.8, 0.8]]),
        "scores": torch.tensor([[0.1, 0.7]]),
        "confidence": torch.tensor([0.9]),
    }
    plain = np.zeros((48, 64, 3), dtype=np.uint8)
    assert (drawn(plain, found, ["sit", "talk"]) > 0).any() and not plain.any()


def test_the_number_of_a_track_is_in_the_picture():
    found = {"boxes": torch.tensor([[0.2, 0.2, 0.8, 0.8]]), "scores": torch.tensor([0.7]), "labels": torch.tensor([0])}
    plain = np.zeros((480, 640, 3), dtype=np.uint8)
    without, first, second = (drawn(plain, found, ["sit"], tracks) for tracks in (None, {0: 1}, {0: 2}))
    assert (without != first).any() and (first != second).any()
