import sys

import pytest

from yowo.errors import ConfigError
from yowo.inference.exported.packages import check_packages, needed


def test_a_missing_package_is_one_line_with_its_extra(monkeypatch):
    for name in ("onnx", "openvino", "nncf"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"format=onnx needs onnx.*: pip install 'yowo-lightning\[onnx\]'"):
        check_packages("onnx", "fp32")
    with pytest.raises(
        ConfigError, match=r"format=openvino needs openvino.*: pip install 'yowo-lightning\[openvino\]'"
    ):
        check_packages("openvino", "fp32")
    with pytest.raises(ConfigError, match=r"precision=int8 needs nncf.*: pip install 'yowo-lightning\[openvino\]'"):
        needed("nncf", "precision=int8")


def test_a_format_of_torch_alone_needs_nothing():
    check_packages("torch_export", "fp32")
    assert needed("json", "a test").dumps({}) == "{}"
