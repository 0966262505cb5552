import pytest
import torch

from yowo.errors import ConfigError
from yowo.inference.devices import pick_device


def test_devices_are_found_or_named():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    with pytest.raises(ConfigError, match=r"device=toaster: expected auto, cpu, cuda, cuda:N or mps"):
        pick_device("toaster")
    with pytest.raises(ConfigError, match=r"device=cuda:99: this machine has"):
        pick_device("cuda:99")
