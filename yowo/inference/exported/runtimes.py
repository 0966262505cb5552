"""Runs exported files: arrays by name in, arrays by name out, whatever program is behind it."""

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from yowo.errors import WeightsError, YowoError
from yowo.inference.exported.packages import needed
from yowo.inference.exported.tracing import quietly
from yowo.inference.exported.writing import F32

Arrays = dict[str, NDArray[Any]]


class Runtime(Protocol):
    """An opened file.

    Attributes:
        name: Of the program that runs it, with its version.
    """

    name: str

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Compute the outputs by name; an array may be overwritten by the next call.

        Args:
            inputs: By name, in the order of the file.
        """


class OnnxRuntime:
    """ONNX Runtime on the CPU, with as many threads as torch has."""

    def __init__(self, model: str | bytes, outputs: list[str]) -> None:
        """Open a file, or a model in memory.

        Args:
            model: Path, or the bytes of the model.
            outputs: The outputs to compute.

        Raises:
            ConfigError: onnxruntime is not installed.
        """
        runtime = needed("onnxruntime", "model=FILE.onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._outputs = outputs
        self.name = f"ONNX Runtime {runtime.__version__}"

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Compute the outputs."""
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))


class OpenVino:
    """OpenVINO on the CPU, in float32, with as many threads as torch has."""

    def __init__(self, model: Any, outputs: list[str]) -> None:
        """Open a file, or a model in memory.

        Args:
            model: Path of the .xml file, or an `openvino.Model`.
            outputs: The outputs to return.

        Raises:
            ConfigError: openvino is not installed.
        """
        openvino = needed("openvino", "model=FILE.xml")
        threads = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "PERFORMANCE_HINT": "LATENCY"}
        self._model = openvino.Core().compile_model(model, "CPU", {**F32, **threads})
        self._request = self._model.create_infer_request()
        self._outputs = outputs
        self.name = f"OpenVINO {openvino.__version__.partition('-')[0]}"

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Compute the outputs; the arrays are the program's own memory."""
        self._request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        return {name: self._request.get_tensor(name).data for name in self._outputs}


class TorchProgram:
    """A program of torch.export, on the CPU."""

    def __init__(self, path: Path, outputs: list[str]) -> None:
        """Open a file.

        Args:
            path: The file.
            outputs: Names of its outputs, in order.
        """
        with quietly(), path.open("rb") as file:
            program = torch.export.load(file)
        # torch notes that a picture of one cell was not among the examples, which does not matter to these networks
        unguarded = {"check_guards": False} if "check_guards" in signature(program.module).parameters else {}
        self._program = program.module(**unguarded)
        self._outputs = outputs
        self.name = f"torch.export {torch.__version__}"

    @torch.inference_mode()
    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Compute the outputs."""
        given = [torch.from_numpy(np.ascontiguousarray(array)) for array in inputs.values()]
        found = self._program(*given[:1], *([tuple(given[1:])] if given[1:] else []))
        return {name: tensor.numpy() for name, tensor in zip(self._outputs, found, strict=True)}


def open_runtime(path: Path, outputs: list[str]) -> Runtime:
    """Open an exported file with the program that its ending names.

    Args:
        path: A file that ends in .onnx, .xml or .pt2.
        outputs: Names of the outputs to compute; of a .pt2 file all of them, in order.

    Raises:
        ConfigError: The program is not installed.
        WeightsError: The file is damaged.
    """
    kinds: dict[str, Any] = {".onnx": OnnxRuntime, ".xml": OpenVino, ".pt2": TorchProgram}
    ending = path.suffix.lower()
    try:
        opened: Runtime = kinds[ending](path if ending == ".pt2" else str(path), outputs)
    except YowoError:
        raise
    except Exception as error:  # of many kinds: each program has its own
        words = " ".join(str(error).split())[:300]
        raise WeightsError(f"model={path}: cannot be opened ({words}); export it again") from error
    return opened
