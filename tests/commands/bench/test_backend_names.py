import pytest

from yowo.commands.bench import backend_names as module
from yowo.commands.bench.backend_names import check_backends, installed
from yowo.errors import ConfigError


def test_backends_that_are_unknown_or_not_installed_are_named(monkeypatch):
    with pytest.raises(ConfigError, match=r"--backends onxx: expected some of clip, exact, onnx, onnx-exact, openvino"):
        check_backends(["clip", "onxx"])
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert installed() == ["clip", "exact"]
    with pytest.raises(ConfigError, match=r"--backends openvino needs .*openvino: pip install 'yowo-lightning\[openv"):
        check_backends(["openvino"])
    with pytest.raises(ConfigError, match=r"onnxruntime.*: pip install 'yowo-lightning\[onnx\]'"):
        check_backends(["onnx"])
