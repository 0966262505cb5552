import pytest

from tests.exported_cases import CLIP_LEN, facts
from tests.inference.exported.test_tracing import Least
from yowo.inference.exported.facts import read_facts
from yowo.inference.exported.onnx_rules import graph_rule
from yowo.inference.exported.tracing import trace
from yowo.inference.exported.writing import onnx_model, save_torch_export, write
from yowo.models.postprocess import PostProcess


def test_a_torch_program_holds_its_facts(tmp_path):
    path = tmp_path / "a.pt2"
    save_torch_export(trace(Least(), CLIP_LEN, 32), path, facts())
    assert read_facts(path) == facts()


@pytest.mark.long
def test_a_graph_has_axes_with_names_and_nothing_of_the_machine_that_made_it(tmp_path):
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    traced = trace(Least(), CLIP_LEN, 32)
    model = onnx_model(traced, graph_rule(PostProcess(3), 3), 3)
    axes = {
        v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in [*model.graph.input, *model.graph.output]
    }
    assert axes["clips"] == ["batch", 3, CLIP_LEN, "height", "width"] and axes["detections"] == ["detections", 7]
    assert axes["boxes"] == ["batch", "predictions", 4]
    assert not any(node.op_type == "BatchNormalization" for node in model.graph.node)
    assert b"/" + b"exported_cases" not in model.SerializeToString() and b".py" not in model.SerializeToString()
    write("onnx", traced, tmp_path / "a.onnx", facts(), None)
    assert read_facts(tmp_path / "a.onnx") == facts()
