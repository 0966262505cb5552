import zipfile

import pytest
from omegaconf import OmegaConf

from tests.exported_cases import facts
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config
from yowo.config.exported import chosen_format, register_exported
from yowo.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    config = portable(compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.clip_len=9"]))
    path = tmp_path / "my best.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/extra/yowo.json", facts(config=config).text())
    return path


def test_the_configuration_in_a_file_takes_the_place_of_a_checkpoints(file):
    register_exported(str(file), [f"exported={file}", "score_threshold=0.1"], "detect")
    config = compose_config("detect", [f"exported={file}", "source=x.mp4", "score_threshold=0.1"])
    assert config.exported == str(file) and config.dataset.clip_len == 9 and config.model.name == "yowo_tiny"
    assert config.postprocess.class_agnostic_nms is True


@pytest.mark.parametrize("override", ["backbone3d=resnet18", "model.channels_last=false", "+fusion=cfam"])
def test_what_is_inside_a_file_cannot_be_changed(file, override):
    with pytest.raises(ConfigError, match="is a whole network, which cannot be changed; leave it out"):
        register_exported(str(file), [override], "eval")


@pytest.mark.parametrize(
    ("given", "output", "chosen"),
    [
        (None, None, "onnx"),
        ("openvino", None, "openvino"),
        (None, "a.xml", "openvino"),
        ("torch_export", "a.PT2", "torch_export"),
    ],
)
def test_the_format_is_what_is_given_or_what_the_ending_names(given, output, chosen):
    assert chosen_format(OmegaConf.create({"format": given, "output": output})) == chosen


@pytest.mark.parametrize(
    ("given", "output", "words"),
    [
        ("tensorrt", None, "format=tensorrt: expected onnx, openvino, torch_export"),
        ("onnx", "a.xml", r"output=a\.xml: expected a name that ends in \.onnx"),
        (None, "a.engine", r"output=a\.engine: expected a name that ends in \.onnx, \.xml, \.pt2"),
    ],
)
def test_other_formats_are_refused(given, output, words):
    with pytest.raises(ConfigError, match=words):
        chosen_format(OmegaConf.create({"format": given, "output": output}))
