import numpy as np
import pytest
import torch

from yowo.commands.detect import check, drawn, pick_device
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


def test_source_and_checkpoint_are_required_and_must_exist(tmp_path):
    register_checkpoint(None)
    with pytest.raises(ConfigError, match="checkpoint is required"):
        check(compose_config("detect", ["dataset=motion", "source=x"]))
    with pytest.raises(ConfigError, match="source is required"):
        check(compose_config("detect", ["dataset=motion", "checkpoint=x"]))
    with pytest.raises(ConfigError, match=r"source=.*gone\.mp4: there is no such video or folder"):
        check(compose_config("detect", ["dataset=motion", "checkpoint=x", f"source={tmp_path}/gone.mp4"]))


@pytest.mark.parametrize("source", ["0", "rtsp://camera/1"])
def test_a_live_source_cannot_be_looked_ahead_in(source):
    register_checkpoint(None)
    with pytest.raises(ConfigError, match=rf"source={source} is live and context=lfb looks ahead"):
        check(compose_config("detect", ["dataset=motion", "checkpoint=x", f"source={source}", "context=lfb"]))


def test_devices_are_found_or_named():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    with pytest.raises(ConfigError, match=r"device=toaster: expected auto, cpu, cuda or cuda:N"):
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
