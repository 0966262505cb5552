import json
import struct

import numpy as np
import pytest
import torch

from tests import golden_cases
from tests.foreign_weights import foreign, names_of, small_resnext, small_yolov2, write_darknet
from yowo.errors import WeightsError
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.weights.darknet import darknet_layout, read_darknet
from yowo.weights.file_format import looks_like_darknet
from yowo.weights.loading import load_weights

FRAMES = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module")
def golden():
    return json.loads((golden_cases.ORIGINAL / "loss_cases.json").read_text())["yolo_weights"]


def test_the_order_of_all_values_is_the_golden_one(golden):
    with torch.device("meta"):
        layout = darknet_layout(YOLOv2(conv_bias=False))
    theirs, first, rows = names_of("yowo_ucf24"), 0, []
    for name, shape in layout:
        rows.append([theirs[f"backbone2d.{name}"], first, shape.numel()])
        first += shape.numel()
    assert rows == golden["layout_name_first_count"]
    assert first == golden["values"] and 4 * first + 16 == golden["bytes"]


def test_what_is_written_is_read_back_with_the_same_outputs(tmp_path):
    source, other = small_yolov2(1, conv_bias=False), small_yolov2(2, conv_bias=False)
    write_darknet(tmp_path / "yolo.weights", source, seen=32013312)
    raw = (tmp_path / "yolo.weights").read_bytes()
    assert struct.unpack("<4i", raw[:16]) == (0, 1, 0, 32013312)
    values = np.frombuffer(raw, "<f4", offset=16)
    assert np.array_equal(values[:4], source.conv_1[0].norm.bias.detach().numpy()[:4])
    assert len(values) == sum(t.numel() for n, t in source.state_dict().items() if "tracked" not in n)
    report = load_weights(other, tmp_path / "yolo.weights")
    assert torch.equal(other(FRAMES), source(FRAMES))
    assert report.kind == "darknet's yolo.weights (YOLOv2)" and not report.missing


@pytest.mark.parametrize("version", [(0, 1, 0), (0, 2, 0), (0, 2, 5), (1, 0, 0)])
def test_the_header_is_as_long_as_its_version_says(tmp_path, version):
    source, other = small_yolov2(1, conv_bias=False), small_yolov2(2, conv_bias=False)
    write_darknet(tmp_path / "old", source)
    body, seen = (tmp_path / "old").read_bytes()[16:], 7
    counter = struct.pack("<i" if version < (0, 2) else "<q", seen)
    (tmp_path / "new").write_bytes(struct.pack("<3i", *version) + counter + body)
    assert read_darknet(tmp_path / "new").seen == seen
    load_weights(other, tmp_path / "new")
    assert torch.equal(other(FRAMES), source(FRAMES))


def test_the_original_authors_own_reading_gives_the_same_network(tmp_path):
    """Their state dict of the 2D network and the darknet file of it fill ours alike."""
    source = small_yolov2(1, conv_bias=False)
    write_darknet(tmp_path / "yolo.weights", source)
    from_file, from_names = small_yolov2(2, conv_bias=False), small_yolov2(3, conv_bias=False)
    load_weights(from_file, tmp_path / "yolo.weights")
    report = load_weights(from_names, foreign(source, "yowo_ucf24", "backbone2d"))
    assert report.kind == "darknet's YOLOv2"
    assert torch.equal(from_file(FRAMES), from_names(FRAMES))


def test_a_network_with_biases_before_its_norms_gets_zeros_there(tmp_path):
    source, other = small_yolov2(1, conv_bias=False), small_yolov2(2, conv_bias=True)
    write_darknet(tmp_path / "yolo.weights", source)
    load_weights(other, tmp_path / "yolo.weights")
    assert torch.equal(other(FRAMES), source(FRAMES)) and not other.conv_1[0].conv.bias.any()


@pytest.mark.parametrize("change", [lambda raw: raw[:-400], lambda raw: raw + bytes(4)], ids=["cut off", "too long"])
def test_another_number_of_values_is_one_clear_line(tmp_path, change):
    write_darknet(tmp_path / "w", small_yolov2(1, conv_bias=False))
    (tmp_path / "w").write_bytes(change((tmp_path / "w").read_bytes()))
    with pytest.raises(
        WeightsError, match=r"/w: expected [\d,]+ values for this 2D backbone, got [\d,]+: .* incomplete"
    ):
        load_weights(small_yolov2(conv_bias=False), tmp_path / "w")


def test_values_that_are_no_numbers_are_refused(tmp_path):
    write_darknet(tmp_path / "w", small_yolov2(1, conv_bias=False))
    raw = bytearray((tmp_path / "w").read_bytes())
    raw[16:20] = struct.pack("<f", float("nan"))
    (tmp_path / "w").write_bytes(bytes(raw))
    with pytest.raises(WeightsError, match=r"conv_1\.0\.norm\.bias has NaN"):
        load_weights(small_yolov2(conv_bias=False), tmp_path / "w")


def test_other_networks_have_no_darknet_file(tmp_path):
    write_darknet(tmp_path / "w", small_yolov2(1, conv_bias=False))
    with pytest.raises(
        WeightsError, match=r"darknet weights are for YOLOv2 \(backbone2d=yolov2_darknet\), not for ResNet3D"
    ):
        load_weights(small_resnext(), tmp_path / "w")


def test_only_small_version_numbers_look_like_darknet():
    assert looks_like_darknet(struct.pack("<5i", 0, 1, 0, 5, 0), 100)
    assert not looks_like_darknet(struct.pack("<5i", 0, 0, 0, 5, 0), 100)
    assert not looks_like_darknet(struct.pack("<5i", 0, 99, 0, 5, 0), 100)
    assert not looks_like_darknet(struct.pack("<5i", 0, 1, 0, 5, 0), 101)
