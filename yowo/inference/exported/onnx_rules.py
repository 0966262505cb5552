"""A rule for detections as the last nodes of an ONNX graph: scores, threshold, non-maximum suppression.

Where a person does one thing at a time the rows of the output `detections` are clip, label, score and box; where
several, clip, confidence, box and the score of each class. Rows of a clip are together, in the order in
which boxes suppress each other; boxes are x1, y1, x2, y2 as fractions of the picture. A person has one box, as in
`yowo detect`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yowo.errors import ConfigError
from yowo.models.level_scores import LevelScores
from yowo.models.pair_scores import PairScores
from yowo.models.postprocess import ConfidenceOrder, DetectionRule, PostProcess
from yowo.models.sigmoid_scores import SigmoidScores

if TYPE_CHECKING:
    import onnx

DETECTIONS = "detections"
BOX = ("x1", "y1", "x2", "y2")
NO_LIMIT = 1 << 20
"""Detections of a clip where the rule has no limit; more than there are predictions."""
DEFAULT_OVERLAP = {True: 0.4, False: 0.5}
"""`nms_threshold` of `ConfidenceOrder` where it is not set, by whether the labels are one-hot."""


@dataclass(frozen=True)
class GraphRule:
    """A rule for detections as a graph needs it.

    Attributes:
        exclusive_classes: Of the C classes how many, from the first, share a softmax.
        one_hot: Whether a person does one thing at a time.
        score_threshold: Scores (multi-hot: confidences) must be above it, 0..1.
        nms_threshold: IoU above which the second of two boxes is left out, 0..1.
        by_confidence: Whether boxes are suppressed in the order of confidence alone, and not clipped to the picture.
        most: Most detections of a clip.
        root: Whether scores are the roots of confidence times class probability, and boxes clipped after suppression.
    """

    exclusive_classes: int
    one_hot: bool
    score_threshold: float
    nms_threshold: float
    by_confidence: bool = False
    most: int = NO_LIMIT
    root: bool = False

    def columns(self, classes: int) -> list[str]:
        """Return the names of the columns of `detections`."""
        if self.one_hot:
            return ["clip", "label", "score", *BOX]
        return ["clip", "confidence", *BOX, *(f"score_{label}" for label in range(classes))]


def graph_rule(rule: DetectionRule, classes: int) -> GraphRule:
    """Return a rule for detections in the form that `add_detections` takes.

    Args:
        rule: Of the network, with the options with which detections are shown.
        classes: C.

    Raises:
        ConfigError: It is a rule of another package.
    """
    if not isinstance(rule, (PostProcess, ConfidenceOrder, SigmoidScores, LevelScores, PairScores)):
        raise ConfigError(f"nms: {type(rule).__name__} cannot be part of the file; give nms=false")
    one_hot = rule.exclusive_classes == classes
    if isinstance(rule, (PostProcess, SigmoidScores)):
        most = rule.max_detections or NO_LIMIT
        softmax = 0 if isinstance(rule, SigmoidScores) else rule.exclusive_classes
        return GraphRule(softmax, one_hot, rule.score_threshold, rule.nms_threshold, False, most)
    if isinstance(rule, (LevelScores, PairScores)):
        most, root = rule.max_detections or NO_LIMIT, isinstance(rule, LevelScores)
        return GraphRule(0, one_hot, rule.score_threshold, rule.nms_threshold, not root, most, root)
    overlap = DEFAULT_OVERLAP[one_hot] if rule.nms_threshold is None else rule.nms_threshold
    return GraphRule(rule.exclusive_classes, one_hot, rule.score_threshold, overlap, True)


class _Nodes:
    """Appends nodes to a graph and names their outputs."""

    def __init__(self, graph: "onnx.GraphProto") -> None:
        self.graph, self.count = graph, 0

    def __call__(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Append a node; return the name of its output, or a list of several."""
        from onnx import helper

        self.count += 1
        name = f"rule_{self.count}_{kind.lower()}"
        names = [name] if outputs == 1 else [f"{name}_{place}" for place in range(outputs)]
        self.graph.node.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value: object, dtype: Any = np.int64) -> str:
        """Store an array; return its name."""
        from onnx import numpy_helper

        self.count += 1
        name = f"rule_{self.count}_constant"
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name


def add_detections(model: "onnx.ModelProto", rule: GraphRule, classes: int, sizes: str) -> None:
    """Append a rule to a graph, and its output `detections`, float32 [n, columns].

    Args:
        model: Has the outputs `cls`, `boxes` and, where the network predicts confidences, `conf`; changed in place.
        rule: The rule.
        classes: C.
        sizes: Name of the input whose last two axes are the height and width of the picture.
    """
    from onnx import TensorProto, helper

    graph = model.graph
    node = _Nodes(graph)
    axis = node.constant([2])
    classes_each = _probabilities(node, rule.exclusive_classes, classes)
    best = node("ReduceMax", classes_each, axis, keepdims=1)  # [B, M, 1]
    has_confidence = any(output.name == "conf" for output in graph.output)
    confidence = node("Sigmoid", "conf") if has_confidence else best
    scores = node("Mul", classes_each, confidence) if has_confidence else classes_each
    if rule.root:
        scores = node("Sqrt", scores)
    highest = node("ReduceMax", scores, axis, keepdims=1)
    order = highest if rule.one_hot and not rule.by_confidence else confidence
    threshold = node.constant(rule.score_threshold, np.float32)
    valid = node("Greater", highest if rule.one_hot else confidence, threshold)
    ranked = node("Where", valid, order, node.constant(-1.0, np.float32))
    boxes = _fractions(node, sizes, clipped=not (rule.by_confidence or rule.root))
    chosen = node(
        "NonMaxSuppression",
        boxes,
        node("Transpose", ranked, perm=[0, 2, 1]),
        node.constant([rule.most]),
        node.constant([rule.nms_threshold], np.float32),
        node.constant([0.0], np.float32),
    )  # int64 [n, 3]: clip, 0, place
    place = node("Gather", chosen, node.constant([0, 2]), axis=1)
    picked = {name: node("GatherND", tensor, place) for name, tensor in (("boxes", boxes), ("scores", scores))}
    if rule.root:
        limits = [node.constant(limit, np.float32) for limit in (0.0, 1.0)]
        picked["boxes"] = node("Clip", picked["boxes"], *limits)
    clip = node("Cast", node("Gather", chosen, node.constant([0]), axis=1), to=TensorProto.FLOAT)
    if rule.one_hot:
        label = node("Cast", node("ArgMax", picked["scores"], axis=1, keepdims=1), to=TensorProto.FLOAT)
        score = node("GatherND", highest, place)
        parts = [clip, label, score, picked["boxes"]]
    else:
        parts = [clip, node("GatherND", confidence, place), picked["boxes"], picked["scores"]]
    graph.node.append(helper.make_node("Concat", parts, [DETECTIONS], name=DETECTIONS, axis=1))
    shape: list[str | int | None] = ["detections", len(rule.columns(classes))]
    graph.output.append(helper.make_tensor_value_info(DETECTIONS, TensorProto.FLOAT, shape))


def _probabilities(node: _Nodes, exclusive: int, classes: int) -> str:
    """Append class probabilities [B, M, C], as `yowo.boxes.class_logits` computes them."""
    if exclusive == classes:
        return str(node("Softmax", "cls", axis=2))
    if exclusive == 0:
        return str(node("Sigmoid", "cls"))
    sizes = node.constant([exclusive, classes - exclusive])
    poses, others = node("Split", "cls", sizes, outputs=2, axis=2)
    return str(node("Concat", node("Softmax", poses, axis=2), node("Sigmoid", others), axis=2))


def _fractions(node: _Nodes, sizes: str, clipped: bool) -> str:
    """Append the boxes [B, M, 4] as fractions of the picture, clipped to it if wanted."""
    from onnx import TensorProto

    shape = node("Cast", node("Shape", sizes), to=TensorProto.FLOAT)
    sides = node("Gather", shape, node.constant([-1, -2, -1, -2]), axis=0)  # width, height, width, height
    boxes = str(node("Div", "boxes", sides))
    if not clipped:
        return boxes
    return str(node("Clip", boxes, node.constant(0.0, np.float32), node.constant(1.0, np.float32)))
