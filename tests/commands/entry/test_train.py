import pytest
import torch

from yowo.commands.entry.train import check, resumed
from yowo.config.checkpoint import REMEMBERED, portable
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


def test_resuming_brings_the_checkpoints_groups_unless_they_are_named(tmp_path):
    torch.save({"yowo": {"config": portable(compose_config("train"))}}, tmp_path / "last.ckpt")
    arguments = resumed([f"resume={tmp_path}/last.ckpt", "dataset=ucf24"])
    assert "model=from_checkpoint" in arguments and "dataset=from_checkpoint" not in arguments
    assert len(arguments) == 2 + len(REMEMBERED) - 1


def test_without_resuming_nothing_is_added():
    assert resumed(["a=1"]) == ["a=1"]


@pytest.mark.parametrize("key", ["weights", "resume"])
def test_files_that_are_not_there_are_named(key):
    with pytest.raises(ConfigError, match=rf"{key}=gone\.ckpt: there is no such file"):
        check(compose_config("train", [f"{key}=gone.ckpt"]))
