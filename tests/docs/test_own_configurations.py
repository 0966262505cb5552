"""docs/own-configurations.md, followed: a folder of one's own composes, builds and reads its videos."""

import sys

import pytest
import torch

from tests.docs.own_files import write_own_files
from yowo.commands.hydra_app import jobs
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule
from yowo.config.checkpoint import portable, register_parts
from yowo.config.compose import compose_config


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The reader's folder, as the one that `python -m yowo` is started in."""
    write_own_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("my_actions", None)


def test_experiment_data_set_and_network_of_the_page_are_built(own):
    (config,) = jobs("train", ["--config-dir", "conf", "experiment=waving"])
    assert (config.optimizer.lr, config.trainer.max_epochs) == (3e-4, 2) and list(config.logger) == ["csv"]
    detector = build_detector(config)
    assert type(detector).__name__ == "MovingOnly" and detector.num_classes == 2
    still = torch.rand(1, 3, 1, 64, 64).expand(1, 3, 8, 64, 64)
    with torch.inference_mode():
        detector.eval()
        assert torch.equal(detector(still)["cls"], detector(torch.zeros_like(still))["cls"]), "nothing moves"
    data = build_datamodule(config)
    data.prepare_data()
    assert [video.name for video in data.data.videos("train")] == ["jump_1", "wave_1"]
    assert len(data.dataset("val")) == 24 and data.data.videos("val")[0].tubes[0].label == 0


def test_a_checkpoint_of_them_needs_no_yaml(own):
    (config,) = jobs("train", ["--config-dir", "conf", "experiment=waving"])
    register_parts(portable(config))
    remembered = compose_config("eval", ["dataset.root=elsewhere"])
    assert type(build_detector(remembered)).__name__ == "MovingOnly"
    assert remembered.dataset.source._target_ == "my_actions.Waving" and remembered.dataset.source.root == "elsewhere"
