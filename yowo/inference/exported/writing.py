"""Writes a traced network as a file of ONNX, OpenVINO or torch.export, with what the file says of itself."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from yowo.errors import ConfigError
from yowo.inference.exported.facts import KEY, ExportFacts
from yowo.inference.exported.onnx_rules import GraphRule, add_detections
from yowo.inference.exported.packages import needed
from yowo.inference.exported.tracing import Traced, quietly

OPSET = 18
"""Of the operators in ONNX files; ONNX Runtime has it since 1.14, TensorRT since 8.6."""
F32 = {"INFERENCE_PRECISION_HINT": "f32"}
"""OpenVINO computes in bfloat16 by itself on CPUs that have it; detections would not be PyTorch's."""


def onnx_model(traced: Traced, rule: GraphRule | None, classes: int) -> Any:
    """Make an ONNX model of a traced network.

    Args:
        traced: The network.
        rule: Appended to the graph, with the output `detections`; None leaves it out.
        classes: C.

    Returns:
        An `onnx.ModelProto`; its axes are named batch, height, width and predictions.

    Raises:
        ConfigError: onnx is not installed, or ONNX has no such operators.
    """
    needed("onnxscript", "format=onnx")
    needed("onnx", "format=onnx")
    try:
        with quietly():
            program = torch.onnx.export(
                traced.program,
                input_names=list(traced.inputs),
                output_names=list(traced.outputs),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # of many kinds: what the exporter stumbles over depends on the network
        words = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ConfigError(f"format=onnx: torch.onnx cannot write this network ({words})") from error
    if program is None:
        raise ConfigError("format=onnx: this version of torch has no torch.onnx.export(dynamo=True); update torch")
    model = program.model_proto
    _tidy(model, traced)
    if rule is not None:
        add_detections(model, rule, classes, traced.inputs[0])
    return model


def _tidy(model: Any, traced: Traced) -> None:
    """Name the axes as a user knows them; leave out what the exporter noted about its own sources."""
    graph = model.graph
    del graph.value_info[:]
    for item in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph):
        del item.metadata_props[:]
        item.doc_string = ""
    for value in (*graph.input, *graph.output):
        names = traced.axes.get(value.name, {})
        for place, axis in enumerate(value.type.tensor_type.shape.dim):
            if axis.HasField("dim_param"):
                axis.dim_param = names.get(place, f"{value.name}_{place}")


def save_onnx(model: Any, path: Path, facts: ExportFacts) -> None:
    """Write an ONNX model with its facts; weights are inside the file.

    Args:
        model: An `onnx.ModelProto`.
        path: The file.
        facts: Of the file.

    Raises:
        ConfigError: The model is larger than 2 GB, which such files cannot hold.
    """
    onnx = needed("onnx", "format=onnx")
    described: Mapping[str, str] = {KEY: facts.text()}
    onnx.helper.set_model_props(model, described)
    try:
        onnx.save_model(model, str(path))
    except ValueError as error:
        raise ConfigError(f"format=onnx: the network is too large for one file ({error})") from error


def openvino_model(path: Path) -> Any:
    """Read an ONNX file as an OpenVINO model.

    Raises:
        ConfigError: OpenVINO is not installed, or does not know an operator.
    """
    openvino = needed("openvino", "format=openvino")
    try:
        return openvino.Core().read_model(str(path))
    except RuntimeError as error:
        words = " ".join(str(error).split())[:300]
        raise ConfigError(f"format=openvino: OpenVINO cannot read this network ({words})") from error


def save_openvino(model: Any, path: Path, facts: ExportFacts) -> None:
    """Write an OpenVINO model: PATH.xml with its facts, and PATH.bin with its weights in float32."""
    openvino = needed("openvino", "format=openvino")
    model.set_rt_info(facts.text(), [KEY])
    openvino.save_model(model, str(path), compress_to_fp16=False)


def save_torch_export(traced: Traced, path: Path, facts: ExportFacts) -> None:
    """Write a program of torch.export with its facts."""
    with quietly(), path.open("wb") as file:
        torch.export.save(traced.program, file, extra_files={f"{KEY}.json": facts.text()})


def write(format_name: str, traced: Traced, path: Path, facts: ExportFacts, rule: GraphRule | None) -> None:
    """Write a traced network.

    Args:
        format_name: "onnx", "openvino" or "torch_export".
        traced: The network.
        path: The file; OpenVINO's weights lie beside it.
        facts: Of the file.
        rule: For the output `detections`; None leaves it out.

    Raises:
        ConfigError: A package is missing, or the format cannot hold the network.
    """
    if format_name == "torch_export":
        save_torch_export(traced, path, facts)
        return
    model = onnx_model(traced, rule, len(facts.classes))
    if format_name == "onnx":
        save_onnx(model, path, facts)
        return
    with tempfile.TemporaryDirectory() as folder:
        between = Path(folder) / "network.onnx"
        save_onnx(model, between, facts)
        save_openvino(openvino_model(between), path, facts)
