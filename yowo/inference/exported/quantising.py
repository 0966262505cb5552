"""Post-training quantisation to int8 with NNCF: weights and activations of convolutions, by what real clips show."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import Tensor

from yowo.errors import ConfigError
from yowo.inference.exported.facts import ExportFacts
from yowo.inference.exported.packages import needed
from yowo.inference.exported.tracing import CLIPS, quietly
from yowo.inference.exported.writing import save_onnx, save_openvino


def quantised(format_name: str, source: Path, clips: Iterable[Tensor], count: int) -> Any:
    """Quantise a network.

    Only what feeds convolutions is quantised: the attention between channels takes a softmax of differences of sums of
    squares, and boxes are exponentials, so that eight bits would not do there.

    Args:
        format_name: "onnx" or "openvino".
        source: The file with the network in float32.
        clips: Calibration clips, float [1, 3, K, H, W], normalised.
        count: How many there are at most.

    Returns:
        An `onnx.ModelProto` or `openvino.Model`.

    Raises:
        ConfigError: NNCF is not installed, or cannot quantise this network.
    """
    nncf = needed("nncf", "precision=int8")
    model = _loaded(format_name, source)
    others = sorted(_kinds(format_name, model) - {"Conv", "Convolution", "GroupConvolution"})
    data = nncf.Dataset([{CLIPS: clip.numpy()} for clip in clips])
    scope = nncf.IgnoredScope(types=others, validate=False)
    try:
        with quietly():
            return nncf.quantize(model, data, subset_size=count, ignored_scope=scope)
    except Exception as error:  # of many kinds: what NNCF stumbles over depends on the network
        words = " ".join(str(error).split())[:300] or type(error).__name__
        raise ConfigError(f"precision=int8: NNCF cannot quantise this network ({words})") from error


def save_quantised(format_name: str, model: Any, path: Path, facts: ExportFacts) -> None:
    """Write a quantised network with its facts."""
    (save_onnx if format_name == "onnx" else save_openvino)(model, path, facts)


def _loaded(format_name: str, source: Path) -> Any:
    if format_name == "onnx":
        return needed("onnx", "precision=int8").load_model(str(source))
    return needed("openvino", "precision=int8").Core().read_model(str(source))


def _kinds(format_name: str, model: Any) -> set[str]:
    """Return the types of the operators of a network."""
    if format_name == "onnx":
        return {node.op_type for node in model.graph.node}
    return {op.get_type_name() for op in model.get_ops()} - {"Parameter", "Constant", "Result"}
