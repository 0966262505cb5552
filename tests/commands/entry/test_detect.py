import sys

import pytest
import torch

from yowo.commands.entry.detect import check, check_device
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


@pytest.mark.parametrize("name", ["gpu", "cuda:", "CPU", "0"])
def test_what_is_no_device_is_told_without_torch(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "yowo.inference.devices", None)  # importing it fails
    with pytest.raises(ConfigError, match=f"device={name}: expected auto, cpu, cuda, cuda:N or mps"):
        check_device(name)


def test_a_device_that_this_machine_lacks_is_told():
    check_device("cpu")
    check_device("auto")
    with pytest.raises(ConfigError, match=f"device=cuda:99: this machine has {torch.cuda.device_count()} cuda devices"):
        check_device("cuda:99")
