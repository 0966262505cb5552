import pytest
import torch

from tests.exported_cases import CLIP_LEN, clips, facts
from tests.inference.exported.test_tracing import Least
from yowo.inference.exported.comparing import difference
from yowo.inference.exported.opening import open_exported
from yowo.inference.exported.quantising import quantised, save_quantised
from yowo.inference.exported.tracing import trace
from yowo.inference.exported.writing import write


@pytest.mark.long
@pytest.mark.parametrize(("kind", "ending"), [("onnx", ".onnx"), ("openvino", ".xml")])
def test_convolutions_are_quantised_and_scores_stay_near(kind, ending, tmp_path):
    for package in ("nncf", "onnx", "onnxscript", "openvino", "onnxruntime"):
        pytest.importorskip(package)
    net, whole, small = Least().eval(), tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    write(kind, trace(net, CLIP_LEN, 32), whole, facts(), None)
    model = quantised(kind, whole, [clips(1, seed=seed) for seed in range(6)], 6)
    save_quantised(kind, model, small, facts(precision="int8"))
    file = open_exported(small)
    with torch.no_grad():
        found = difference(net(clips(2)), file(clips(2)), 3)
    assert file.facts.precision == "int8" and 0 < found.worst < 0.1
