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


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["source=gone/*.mp4"], r"source=gone/\*\.mp4: fits no file"),
        (
            ["source=rtsp://me:pw@door/1", "context=lfb"],
            r"source=rtsp://me:\*\*\*@door/1: is read as it comes, and context=l",
        ),
        (["source=camera:0", "reader=file"], r"source=camera:0: reader=file opens files only; leave it out"),
        (["source=camera:0", "reader.timeout=0"], r"reader\.timeout: expected a number of seconds above 0, got 0"),
        (["source=camera:0", "reader.transport=ip"], r"reader\.transport: expected tcp or udp, got ip"),
        (["source=camera:0", "latency=high"], r"latency: expected low or none, got high"),
        (["source=-"], r"source=-: nothing is sent to standard input"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_is_opened(typed, words, monkeypatch):
    monkeypatch.setattr("os.isatty", lambda number: True)
    register_checkpoint(None)
    with pytest.raises(ConfigError, match=words):
        check(compose_config("detect", ["dataset=motion", "checkpoint=x", *typed]))


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
