import pytest
import torch

from tests.foreign_weights import foreign, small_shufflenet, small_yolov2, small_yowo_plus
from yowo.errors import WeightsError
from yowo.weights.starting import StartingWeights, is_whole


def saved(content, path):
    torch.save(content, path)
    return str(path)


@pytest.fixture
def files(tmp_path):
    """A detector and two backbones, each of other values, as files."""
    return {
        "file": saved({"model": foreign(small_yowo_plus(1), "yowo_nano_ucf24")}, tmp_path / "f.pth"),
        "backbone2d": saved(foreign(small_yolov2(2), "yowo_nano_ucf24", "backbone2d"), tmp_path / "2.pth"),
        "backbone3d": saved({"state_dict": foreign(small_shufflenet(3), "yowo_nano_ucf24", "backbone3d", "module.")}, tmp_path / "3.pth"),
    }  # fmt: skip


def test_backbones_have_the_last_word_over_the_whole(files):
    net = small_yowo_plus(9)
    reports = StartingWeights(**files).load(net)
    assert [r.part for r in reports.values()] == ["detector", "backbone2d", "backbone3d"]
    whole, flat, deep = small_yowo_plus(1), small_yolov2(2), small_shufflenet(3)
    assert torch.equal(net.head.weight, whole.head.weight)
    assert torch.equal(net.backbone2d.head.weight, flat.head.weight)
    assert torch.equal(net.backbone3d.conv1[0].weight, deep.conv1[0].weight)
    assert is_whole(list(reports.values()))


def test_two_backbones_are_no_whole_detector(files):
    net = small_yowo_plus(9)
    del files["file"]
    reports = StartingWeights(**files).load(net)
    assert len(reports) == 2 and not is_whole(list(reports.values()))


def test_a_head_that_started_anew_is_no_whole_detector(files):
    reports = StartingWeights(files["file"], reset_head=True).load(small_yowo_plus(9, num_classes=3))
    assert not is_whole(list(reports.values()))


def test_strictness_reaches_every_file(files, tmp_path):
    part = torch.load(files["backbone2d"])
    del part["pred.bias"]
    torch.save(part, files["backbone2d"])
    with pytest.raises(WeightsError, match=r"without the entries backbone2d\.head\.bias"):
        StartingWeights(**files).load(small_yowo_plus(9))
    reports = StartingWeights(**files, strict=False).load(small_yowo_plus(9))
    assert reports[files["backbone2d"]].missing == ["backbone2d.head.bias"]


def test_files_are_listed_by_what_users_type(files):
    assert list(StartingWeights(**files).files()) == ["weights", "weights.backbone2d", "weights.backbone3d"]
    assert StartingWeights().files() == {}
