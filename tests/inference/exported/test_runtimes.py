import pytest
import torch

from tests.exported_cases import CLIP_LEN, clips, facts
from tests.inference.exported.test_tracing import Least
from yowo.errors import WeightsError
from yowo.inference.exported.comparing import difference
from yowo.inference.exported.facts import read_facts
from yowo.inference.exported.opening import open_exported
from yowo.inference.exported.runtimes import open_runtime
from yowo.inference.exported.tracing import trace
from yowo.inference.exported.writing import write

PACKAGES = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("openvino", "onnx", "onnxscript"),
    "torch_export": (),
}
ENDINGS = {"onnx": ".onnx", "openvino": ".xml", "torch_export": ".pt2"}


@pytest.mark.parametrize(
    "kind", ["torch_export", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("onnx", "openvino"))]
)
def test_a_written_file_gives_the_networks_output_in_any_size(kind, tmp_path):
    for package in PACKAGES[kind]:
        pytest.importorskip(package)
    net, path = Least().eval(), tmp_path / f"my best [1]{ENDINGS[kind]}"
    write(kind, trace(net, CLIP_LEN, 32), path, facts(), None)
    assert read_facts(path) == facts()
    file = open_exported(path)
    for given in (clips(1, 32, 64), clips(3, 96, 64), clips(1, 32, 32)):
        with torch.no_grad():
            assert difference(net(given), file(given), 3).worst < 1e-5


# in pytest's process OpenVINO leaves captured output closed for later tests
@pytest.mark.parametrize("ending", [".onnx", pytest.param(".xml", marks=pytest.mark.long), ".pt2"])
def test_a_damaged_file_is_named(ending, tmp_path):
    package = {".onnx": "onnxruntime", ".xml": "openvino"}.get(ending)
    if package:
        pytest.importorskip(package)
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsError, match=r"a\.\w+: cannot be opened .*; export it again"):
        open_runtime(path, ["cls"])
