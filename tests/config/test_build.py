import pytest
import torch
from omegaconf import OmegaConf

import yowo
from yowo.config.build import build_detector, image_size, make, scaled_anchors
from yowo.config.compose import compose_config
from yowo.errors import ConfigError, VideoError


def test_ablations_swap_one_word():
    config = compose_config("train", ["model=yowo_plus", "backbone3d=resnet18"])
    assert config.backbone3d.name == "resnet18"
    assert build_detector(config).backbone3d.out_channels == 512


def test_widths_of_anchors_scale_with_the_inputs_width_and_heights_with_its_height():
    full = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24"]))
    wide = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24", "dataset.image_size=[448,672]"]))
    assert torch.allclose(wide.anchors, full.anchors * torch.tensor([3.0, 2.0]))
    of_a_wide_picture = compose_config("train", ["dataset=ucf24", "dataset.anchors_at=[448,112]"])
    assert torch.allclose(torch.tensor(scaled_anchors(of_a_wide_picture)), full.anchors * torch.tensor([2.0, 0.5]))
    assert image_size(compose_config("train", ["dataset.image_size=96"])) == (96, 96)


def test_a_detector_carries_its_loss_and_its_rule_so_that_calls_build_nothing(monkeypatch):
    model = yowo.build_model("yowo_tiny", "motion", 8)
    clips = torch.rand(1, 3, 8, 96, 128)
    target = {"boxes": torch.tensor([[0.1, 0.1, 0.5, 0.6]]), "labels": torch.tensor([3])}

    def refuse(*args, **options):
        raise AssertionError("composed or instantiated in a call")

    for name in ("instantiate", "get_object"):
        monkeypatch.setattr(f"yowo.config.build.{name}", refuse)
    monkeypatch.setattr("yowo.config.compose.compose", refuse)
    assert yowo.compute_losses(model, model(clips), [target])["total"] > 0
    assert len(yowo.detect(model, clips, score_threshold=0.0)) == 1


def test_an_error_of_what_is_made_is_told_as_it_is():
    node = OmegaConf.create({"_target_": "yowo.video.frame_source.open_file"})
    with pytest.raises(VideoError, match=r"^gone\.mp4: there is no such video; check the path$"):
        make(node, source="gone.mp4")
    with pytest.raises(ConfigError, match=r"^decoder: expected decord or pyav, got 'opencv'$"):
        make(node, source="gone.mp4", decoder="opencv")
