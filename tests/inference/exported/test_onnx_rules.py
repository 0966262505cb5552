from dataclasses import replace

import numpy as np
import pytest
import torch

from yowo.contracts import Level
from yowo.errors import ConfigError
from yowo.inference.exported.onnx_rules import DETECTIONS, add_detections, graph_rule
from yowo.models.level_scores import LevelScores
from yowo.models.pair_scores import PairScores
from yowo.models.postprocess import ConfidenceOrder, DetectionRule, PostProcess

M, SIZE = 60, (96, 128)


def raw(classes, confidence=True, seed=0):
    draw = torch.Generator().manual_seed(seed)
    height, width = SIZE
    corner = torch.rand(2, M, 2, generator=draw) * torch.tensor([width, height]) - 10
    boxes = torch.cat([corner, corner + 10 + 50 * torch.rand(2, M, 2, generator=draw)], dim=2)
    found = {"cls": 2 * torch.randn(2, M, classes, generator=draw), "boxes": boxes, "image_size": SIZE}
    levels = {"levels": (Level(32, 3, 4, 5),), "points": torch.zeros(M, 2), "strides": torch.full((M,), 32.0)}
    return {**found, **levels, **({"conf": torch.randn(2, M, 1, generator=draw)} if confidence else {})}


def run(given, rule, classes):
    """A graph whose inputs are the network's outputs, with the rule appended."""
    onnx, ort = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    names = [name for name in ("cls", "conf", "boxes") if name in given]
    values = [helper.make_tensor_value_info(f"in_{n}", TensorProto.FLOAT, ["b", "m", given[n].shape[2]]) for n in names]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", "m", given[n].shape[2]]) for n in names]
    picture = helper.make_tensor_value_info("clips", TensorProto.FLOAT, ["b", 3, 1, "h", "w"])
    nodes = [helper.make_node("Identity", [f"in_{n}"], [n]) for n in names]
    graph = helper.make_graph(nodes, "g", [picture, *values], ends)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    add_detections(model, graph_rule(rule, classes), classes, "clips")
    onnx.checker.check_model(model)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = {f"in_{n}": given[n].numpy() for n in names} | {"clips": np.zeros((2, 3, 1, *SIZE), np.float32)}
    return torch.tensor(session.run([DETECTIONS], inputs)[0])


@pytest.mark.parametrize("confidence", [True, False])
@pytest.mark.parametrize(
    ("classes", "rule"),
    [
        (5, PostProcess(5, 0.1, 0.4, top_k=None, class_agnostic_nms=True)),
        (5, PostProcess(5, 0.1, 0.4, top_k=None, class_agnostic_nms=True, max_detections=3)),
        (5, ConfidenceOrder(5, 0.1, every_class=False)),
        (6, PostProcess(2, 0.3, 0.5, max_detections=4)),
        (6, ConfidenceOrder(0, 0.3)),
    ],
)
def test_the_rule_in_a_graph_finds_what_the_rule_finds(classes, rule, confidence):
    given = raw(classes, confidence)
    rows = run(given, rule, classes)
    assert rows.shape[1] == len(graph_rule(rule, classes).columns(classes)) and len(rows)
    for clip, found in enumerate(rule(given)):
        own = rows[rows[:, 0] == clip]
        if "labels" in found:  # rows are in the order of suppression
            own = own[own[:, 2].argsort(descending=True, stable=True)]
        assert len(found["boxes"]) == len(own) > 0
        if "labels" in found:
            wanted = [found["labels"][:, None], found["scores"][:, None], found["boxes"]]
        else:
            wanted = [found["confidence"][:, None], found["boxes"], found["scores"]]
        torch.testing.assert_close(own[:, 1:], torch.cat(wanted, dim=1).float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("exclusive", [5, 0])
@pytest.mark.parametrize(
    ("rule", "confidence"),
    [
        (LevelScores(5, 0.3, 0.4, top_k=None, class_agnostic_nms=True), True),
        (PairScores(5, 0.3, 0.4, class_agnostic_nms=True), False),
        (PairScores(5, 0.3, 0.4, class_agnostic_nms=True, max_detections=4), False),
    ],
)
def test_the_rules_of_yowo_v2_and_yowo_v3_find_in_a_graph_what_they_find(exclusive, rule, confidence):
    rule, given = replace(rule, exclusive_classes=exclusive), raw(5, confidence)
    rows = run(given, rule, 5)
    for clip, found in enumerate(rule(given)):
        own = rows[rows[:, 0] == clip]
        assert len(found["boxes"]) == len(own) > 0
        if exclusive:
            own = own[own[:, 2].argsort(descending=True, stable=True)]
            wanted = [found["labels"][:, None], found["scores"][:, None], found["boxes"]]
        else:  # a graph has the scores below the threshold too
            own[:, 6:] *= (own[:, 6:] > 0.3) if isinstance(rule, PairScores) else 1
            wanted = [found["confidence"][:, None], found["boxes"], found["scores"]]
        torch.testing.assert_close(own[:, 1:], torch.cat(wanted, dim=1).float(), rtol=1e-5, atol=1e-5)


def test_nothing_above_the_threshold_gives_no_row():
    assert run(raw(5), PostProcess(5, 1.0), 5).shape == (0, 7)


class Own(DetectionRule):
    def __call__(self, raw):
        return []


def test_a_rule_of_another_package_is_refused():
    with pytest.raises(ConfigError, match="nms: Own cannot be part of the file; give nms=false"):
        graph_rule(Own(), 3)


def test_columns_are_named():
    assert graph_rule(PostProcess(2), 2).columns(2) == ["clip", "label", "score", "x1", "y1", "x2", "y2"]
    assert graph_rule(PostProcess(0), 2).columns(2) == [
        "clip",
        "confidence",
        "x1",
        "y1",
        "x2",
        "y2",
        "score_0",
        "score_1",
    ]
