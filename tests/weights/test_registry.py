from urllib.parse import urlsplit

import pytest

from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.config.conf_files import choices
from yowo.errors import WeightsError
from yowo.weights.registry import PUBLISHED, published


def test_every_row_of_the_published_tables_has_its_file():
    files = {p.file for p in PUBLISHED}
    assert files >= {
        "yowo_ucf24_84.9.pth", "yowo_nano_ucf24_81.0.pth", "yowo_ava_v2.2_20.6.pth", "yowo_ava_v2.2_K32_21.6.pth",
        "yowo_nano_ava_v2.2_18.4.pth", "yowo_nano_ava_v2.2_K32_19.5.pth", "yolov2.pth", "yolo.weights",
        "resnext-101-kinetics.pth", "kinetics_shufflenetv2_1.0x_RGB_16_best.pth", "kinetics_shufflenetv2_2.0x_RGB_16_best.pth",
        "yowof-r18_epoch_5_83.3.pth", "yowof-r18_epoch_8_18.1.pth", "yowof-r50_epoch_8_20.7.pth",
        *(f"yowo_v2_{size}_{data}{k}.pth" for size in ("nano", "tiny", "medium", "large") for data in ("ucf24", "ava") for k in ("", "_k32")),
        *(f"yolo_free_{size}_coco.pth" for size in ("nano", "tiny", "large")), *(f"v8_{size}.pth" for size in "nsmlx"),
        "rgb_imagenet.pth", "tsn_r18_1x1x8_100e_hvu_action_rgb_20201027-011b282b.pth",
        "tsn_r50_video_1x1x8_100e_kinetics600_rgb_20201015-4db3c461.pth",
    }  # fmt: skip


def test_names_are_unique_and_addresses_whole():
    assert len({p.name for p in PUBLISHED}) == len({p.file for p in PUBLISHED}) == len(PUBLISHED)
    for one in PUBLISHED:
        parts = urlsplit(one.url)
        assert parts.scheme in ("http", "https") and parts.netloc
        assert one.by_hand or one.url.endswith(f"/{one.file}")


def test_what_to_type_exists():
    for one in PUBLISHED:
        for key, _, value in (typed.partition("=") for typed in one.use.split()):
            if key == "dataset.clip_len":
                assert value == "32"
            else:
                assert value in choices(key), one.name


@pytest.mark.parametrize("name", ["yowo_plus_ava_k32", "yowo_v2_nano_ava_k32"])
def test_what_to_type_composes(name):
    config = compose_config("train", published(name).use.split())
    assert config.dataset.clip_len == 32 and config.model.name == name.removesuffix("_ava_k32")


def test_every_file_says_what_is_known_of_its_licence():
    licences = {p.name: p.licence for p in PUBLISHED}
    assert set(licences.values()) == {"none found", "MIT", "Apache-2.0", "BSD-3-Clause", "AGPL-3.0", "public domain"}
    assert licences["yolov8_m_coco"] == "AGPL-3.0" and licences["yowo_v2_nano_ucf24_k16"] == "MIT"
    assert all(p.by_hand for p in PUBLISHED if p.licence == "AGPL-3.0")


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
