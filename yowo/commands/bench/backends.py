"""What `yowo bench infer` compares: one network, computed by PyTorch and by every other program that is installed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig

from yowo.commands.bench.backend_names import way_of
from yowo.config.build import build_eval_transform
from yowo.config.frame_detector import build_frame_detector, with_keys
from yowo.errors import YowoError
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.exported.facts import CLIP, EXACT, STATE
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.frame_times import frame_operations
from yowo.inference.prepared_frames import prepared
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.detector import Detector
from yowo.models.frame_steps import frame_steps, obstacle
from yowo.models.postprocess import DetectionRule

TITLES = {
    "clip": "PyTorch, clip by clip",
    "exact": "PyTorch, exact",
    "state": "PyTorch, state",
    "onnx": "ONNX Runtime",
    "openvino": "OpenVINO",
}
CALIBRATION = 8
"""Clips that int8 is calibrated with here: enough for its speed, not for its accuracy."""


class Backend(NamedTuple):
    """A way to compute a network.

    Attributes:
        title: For tables.
        operations: Floating-point operations of a frame, of convolutions and matrix products.
        make: Makes a detector that reports scores above a threshold, and at most some of them if the second argument is
            not None.
    """

    title: str
    operations: int
    make: Callable[[float, int | None], FrameDetector]


def build_backends(
    config: DictConfig,
    detector: Detector,
    names: Sequence[str],
    device: str,
    folder: Path,
    pictures: NDArray[np.uint8],
) -> tuple[dict[str, Backend], list[str]]:
    """Prepare backends of a network.

    Args:
        config: Of a training.
        detector: The network.
        names: Of the backends; those that compute on the CPU only are left out on other devices.
        device: Where PyTorch computes.
        folder: Where exported files lie as long as they are used.
        pictures: uint8 [n, H, W, 3], n at least 2; int8 is calibrated with them.

    Returns:
        The backends by name, and a line for each that cannot compute this network; a network without a state of its own
        needs no line for that.
    """
    network = detector.eval().to(device)
    operations = count_operations(config, network, device, pictures)
    files = Exported(config, network, folder, pictures)
    built: dict[str, Backend] = {}
    notes: list[str] = []
    for name in names:
        kind, _, special = name.partition("-")
        streaming = way_of(name)
        title = f"{TITLES[kind]}, {special}" if special else TITLES[kind]
        if streaming != CLIP and (reason := obstacle(network, streaming)) is not None:
            notes += [f"{title}: {reason}"] if streaming == EXACT else []
            continue
        found = _network(name, network, files, device)
        if isinstance(found, str):
            notes.append(f"{title}: {found}")
        else:
            maker = _maker(config, found, network.postprocess, streaming, device)
            built[name] = Backend(title, operations[streaming], maker)
    return built, notes


def _network(name: str, network: Detector, files: "Exported", device: str) -> Any:
    """Return what computes, or in words why there is nothing."""
    if name in (CLIP, EXACT, STATE):
        return network
    if device != "cpu":
        return "measured with --device cpu only"
    try:
        return files.opened(name)
    except YowoError as error:
        return str(error)


def _maker(
    config: DictConfig, network: Any, rule: DetectionRule, streaming: str, device: str
) -> Callable[[float, int | None], FrameDetector]:
    """Return what makes a detector of a network, or of its file, with the network's own rule."""

    def make(threshold: float, most: int | None) -> FrameDetector:
        chosen = with_keys(config, streaming=streaming, score_threshold=threshold)
        return build_frame_detector(chosen, network, device, rule=rule.with_options(max_detections=most))

    return make


def count_operations(config: DictConfig, network: Detector, device: str, pictures: NDArray[np.uint8]) -> dict[str, int]:
    """Count the operations of a frame, by `streaming`, in the plain network: other forms of it are not counted."""
    transform, rule = build_eval_transform(config), network.postprocess
    clip_len, dilation = int(config.dataset.clip_len), int(config.dataset.dilation)
    clips = ClipDetector(network, rule, transform, clip_len, dilation, device)
    counted = {CLIP: frame_operations(clips, pictures)}
    for way in (EXACT, STATE):
        if obstacle(network, way) is None:
            steps = SlidingDetections(frame_steps(network, clip_len, way), rule, transform, dilation, device)
            counted[way] = frame_operations(steps, pictures)
    return counted


class Exported:
    """Files of a network for other programs; each form of it is traced and written as ONNX once."""

    def __init__(self, config: DictConfig, detector: Detector, folder: Path, pictures: NDArray[np.uint8]) -> None:
        """Take the network; nothing is written yet.

        Args:
            config: Of a training.
            detector: The network.
            folder: Where the files lie.
            pictures: uint8 [n, H, W, 3], frames that int8 is calibrated with.
        """
        self._config, self._detector, self._folder, self._pictures = config, detector, folder, pictures
        self._facts: dict[str, Any] = {}

    def opened(self, name: str) -> Any:
        """Return the network of a backend, from a file.

        Args:
            name: Of the backend.

        Raises:
            ConfigError: The network cannot be exported, or the other program cannot read or quantise it.
        """
        from yowo.inference.exported.opening import open_exported

        kind, _, special = name.partition("-")
        return open_exported(self._small(kind) if special == "int8" else self._whole(kind, special or CLIP))

    def _whole(self, kind: str, streaming: str) -> Path:
        """Return the file in float32 for a program."""
        from yowo.inference.exported.writing import openvino_model, save_openvino

        onnx = self._onnx(streaming)
        if kind == "onnx":
            return onnx
        file = onnx.with_suffix(".xml")
        if not file.exists():
            save_openvino(openvino_model(onnx), file, self._facts[streaming])
        return file

    def _onnx(self, streaming: str) -> Path:
        from yowo.commands.export import facts_of
        from yowo.inference.exported.sliding import trace_sliding
        from yowo.inference.exported.tracing import trace
        from yowo.inference.exported.writing import onnx_model, save_onnx

        file = self._folder / f"{streaming}.onnx"
        if not file.exists():
            clip_len, name = int(self._config.dataset.clip_len), str(self._config.model.name)
            if streaming != CLIP:
                traced, states = trace_sliding(self._detector, clip_len, name, streaming)
            else:
                traced, states = trace(self._detector, clip_len, max(self._detector.strides), name), {}
            config = with_keys(self._config, streaming=streaming)
            self._facts[streaming] = facts_of(config, self._detector, traced, states, None)
            save_onnx(onnx_model(traced, None, self._detector.num_classes), file, self._facts[streaming])
        return file

    def _small(self, kind: str) -> Path:
        """Return the file in int8 for a program."""
        from yowo.inference.exported.facts import ExportFacts
        from yowo.inference.exported.quantising import quantised, save_quantised

        whole = self._whole(kind, CLIP)
        small = whole.with_stem("int8")
        clips = calibration(self._config, self._pictures)
        facts = ExportFacts(**{**vars(self._facts[CLIP]), "precision": "int8"})
        save_quantised(kind, quantised(kind, whole, clips, len(clips)), small, facts)
        return small


def calibration(config: DictConfig, pictures: NDArray[np.uint8]) -> list[torch.Tensor]:
    """Return clips of frames one after another, float [1, 3, K, H, W], for int8."""
    frames = prepared(pictures, build_eval_transform(config), "cpu")
    count = int(config.dataset.clip_len)
    starts = np.linspace(0, max(0, frames.shape[1] - count), CALIBRATION).astype(int).tolist()
    places = [np.minimum(np.arange(start, start + count), frames.shape[1] - 1) for start in starts]
    return [frames[:, torch.from_numpy(place)][None] for place in places]


def detections_of(backends: Mapping[str, Backend], pictures: NDArray[np.uint8]) -> dict[str, list[Any]]:
    """Return what each backend finds on some frames, by name, whatever its score."""
    found: dict[str, list[Any]] = {}
    for name, backend in backends.items():
        detector = backend.make(0.0, None)
        found[name] = [detector.add(picture[None], [True])[0] for picture in pictures]
    return found
