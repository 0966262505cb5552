from urllib.parse import urlsplit

import pytest

from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.errors import WeightsError
from yowo.weights.registry import PUBLISHED, published


def test_every_row_of_the_published_tables_has_its_file():
    files = {p.file for p in PUBLISHED}
    assert files >= {
        "yowo_ucf24_84.9.pth", "yowo_nano_ucf24_81.0.pth", "yowo_ava_v2.2_20.6.pth", "yowo_ava_v2.2_K32_21.6.pth",
        "yowo_nano_ava_v2.2_18.4.pth", "yowo_nano_ava_v2.2_K32_19.5.pth", "yolov2.pth", "yolo.weights",
        "resnext-101-kinetics.pth", "kinetics_shufflenetv2_1.0x_RGB_16_best.pth",
    }  # fmt: skip


def test_names_are_unique_and_addresses_whole():
    assert len({p.name for p in PUBLISHED}) == len({p.file for p in PUBLISHED}) == len(PUBLISHED)
    for one in PUBLISHED:
        parts = urlsplit(one.url)
        assert parts.scheme in ("http", "https") and parts.netloc
        assert one.by_hand or one.url.endswith(f"/{one.file}")


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda p: p.name)
def test_what_to_type_composes(one):
    config = compose_config("train", one.use.split())
    assert config.model.name == (one.use.split("model=")[1].split()[0] if "model=" in one.use else "yowo_tiny")


def test_files_are_found_by_either_name():
    assert published("yowo_ucf24_84.9.pth") is published("yowo_plus_ucf24")
    with pytest.raises(
        WeightsError, match=r"yolo9: there are no published weights of this name; choose one of yowo_plus_ucf24, "
    ):
        published("yolo9")


def test_the_known_size_of_yolo_weights_is_that_of_the_network():
    from yowo.weights.darknet import darknet_layout

    values = sum(shape.numel() for _, shape in darknet_layout(build_yolov2()))
    assert published("yolo.weights").size == 16 + 4 * values


def build_yolov2():
    import torch

    with torch.device("meta"):
        return build_detector(compose_config("train", ["model=yowo", "dataset=ucf24"])).backbone2d
