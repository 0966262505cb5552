from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.foreign_weights import same_outputs, small_shufflenet, small_yolov2, small_yowo_plus, write_darknet
from yowo.errors import WeightsError
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.weights.exporting import check_ending, write_backbone, write_detector
from yowo.weights.loading import load_weights
from yowo.weights.opening import open_weights

CLIPS = torch.rand(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("name", ["w.ckpt", "w.safetensors"])
def test_a_written_detector_gives_the_same_outputs(tmp_path, name):
    write_detector(tmp_path / name, small_yowo_plus(1), {"model": "m", "dataset": "d"})
    same_outputs(small_yowo_plus, lambda net: load_weights(net, tmp_path / name), CLIPS)


def test_a_checkpoint_keeps_the_recipe_and_safetensors_the_texts(tmp_path):
    net = small_yowo_plus()
    net.recipe = {"model": {"name": "yowo_nano"}}
    write_detector(tmp_path / "w.ckpt", net, {})
    assert torch.load(tmp_path / "w.ckpt", weights_only=True)["yowo"]["config"] == net.recipe
    write_detector(tmp_path / "w.safetensors", net, {"model": "yowo_nano"})
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert file.metadata() == {"model": "yowo_nano"}


def test_a_written_backbone_is_known_again(tmp_path):
    write_backbone(tmp_path / "w.safetensors", open_weights(small_shufflenet(1).state_dict()))
    net = small_shufflenet(2)
    assert load_weights(net, tmp_path / "w.safetensors").kind == "a 3D ShuffleNet-v2 (Kinetics)"
    assert torch.equal(net(CLIPS), small_shufflenet(1)(CLIPS))


def test_a_file_that_goes_by_order_is_written_by_our_names(tmp_path):
    with torch.device("meta"):
        shapes = build_resnet2d("resnet18").state_dict()
    source = {name: torch.full(t.shape, float(place)) for place, (name, t) in enumerate(shapes.items()) if t.ndim}
    theirs = {f"backbone.layer1.0.conv1.conv.{n}": t for n, t in enumerate(source.values())}
    write_backbone(tmp_path / "w.safetensors", open_weights(theirs | {"cls_head.fc_cls.bias": torch.ones(3)}))
    written = open_weights(tmp_path / "w.safetensors")
    assert written.kind.words == "a 2D ResNet (torchvision, ImageNet)" and len(written.state) == len(theirs)
    assert all(torch.equal(tensor, source[name]) for name, tensor in written.state.items())
    theirs.popitem()
    with pytest.raises(WeightsError, match=r"MMAction \(TSN\) with 99 entries, expected a ResNet-18 or -50"):
        write_backbone(tmp_path / "x.safetensors", open_weights(theirs))


def test_a_darknet_file_of_another_network_is_not_written(tmp_path):
    write_darknet(tmp_path / "yolo.weights", small_yolov2(conv_bias=False))
    with pytest.raises(WeightsError, match=r"expected 50,983,561 values for this 2D backbone"):
        write_backbone(tmp_path / "w.safetensors", open_weights(tmp_path / "yolo.weights"))
    assert not (tmp_path / "w.safetensors").exists()


def test_other_endings_are_refused():
    with pytest.raises(WeightsError, match=r"w\.pth: expected a file name that ends in \.ckpt or \.safetensors"):
        check_ending(Path("w.pth"), whole=True)
    with pytest.raises(WeightsError, match=r"w\.ckpt: a checkpoint contains a whole detector; for a backbone"):
        check_ending(Path("w.ckpt"), whole=False)
