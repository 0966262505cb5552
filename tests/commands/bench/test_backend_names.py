import pytest

from yowo.commands.bench import backend_names as module
from yowo.commands.bench.backend_names import FAMILY, check_backends, installed
from yowo.config.conf_files import choices
from yowo.errors import ConfigError


def test_the_list_of_the_family_has_every_network_that_is_no_narrow_one():
    narrow = {"yowof_tiny", "yowo_v2_pico", "yowo_v3_tiny"}
    assert set(FAMILY) == set(choices("model")) - narrow


def test_backends_that_are_unknown_or_not_installed_are_named(monkeypatch):
    with pytest.raises(
        ConfigError, match=r"--backends onxx: expected some of clip, exact, state, onnx, onnx-exact, onnx-state"
    ):
        check_backends(["clip", "onxx"])
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert installed() == ["clip", "exact", "state"]
    with pytest.raises(ConfigError, match=r"--backends openvino needs .*openvino: pip install 'yowo-lightning\[openv"):
        check_backends(["openvino"])
    with pytest.raises(ConfigError, match=r"onnxruntime.*: pip install 'yowo-lightning\[onnx\]'"):
        check_backends(["onnx"])
