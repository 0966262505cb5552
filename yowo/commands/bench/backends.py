"""What `yowo bench infer` compares: one network, computed by PyTorch and by every other program that is installed."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig

from yowo.config.build import build_eval_transform
from yowo.errors import ConfigError, YowoError
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.prepared_frames import prepared
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.detector import Detector
from yowo.models.postprocess import DetectionRule
from yowo.models.sliding import SlidingDetector, obstacle

NEEDS = {
    "clip": (),
    "exact": (),
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
    "onnx int8": ("onnx", "onnxscript", "onnxruntime", "nncf"),
    "openvino int8": ("onnx", "onnxscript", "openvino", "nncf"),
}
"""Packages of each backend."""
TITLES = {"clip": "PyTorch, clip by clip", "exact": "PyTorch, exact", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}
CALIBRATION = 8
"""Clips that int8 is calibrated with here: enough for its speed, not for its accuracy."""


class Backend(NamedTuple):
    """A way to compute a network.

    Attributes:
        title: For tables.
        counted: Whether PyTorch can count its operations; otherwise they are taken to be the clip-wise network's.
        make: Makes a detector from a rule for detections.
    """

    title: str
    counted: bool
    make: Callable[[DetectionRule], FrameDetector]


def installed() -> list[str]:
    """Return the names of the backends whose packages are installed."""
    return [name for name, packages in NEEDS.items() if all(find_spec(package) for package in packages)]


def check_backends(names: list[str]) -> None:
    """Check that backends are known and their packages installed.

    Raises:
        ConfigError: They are not; the message names the extra to install.
    """
    for name in names:
        if name not in NEEDS:
            raise ConfigError(f"--backends {name}: expected some of {', '.join(NEEDS)}")
        missing = [package for package in NEEDS[name] if not find_spec(package)]
        if missing:
            extra = "openvino" if "openvino" in name else "onnx"
            raise ConfigError(f"--backends {name} needs {', '.join(missing)}: pip install 'yowo-lightning[{extra}]'")


def build_backends(
    config: DictConfig, detector: Detector, names: list[str], device: str, folder: Path, pictures: NDArray[np.uint8]
) -> tuple[dict[str, Backend], list[str]]:
    """Prepare backends of a network.

    Args:
        config: Of a training.
        detector: The network.
        names: Of the backends; those that compute on the CPU only are left out on other devices.
        device: Where PyTorch computes.
        folder: Where exported files lie as long as they are used.
        pictures: uint8 [n, H, W, 3], frames that int8 is calibrated with.

    Returns:
        The backends by name, and a line for each that cannot compute this network.
    """
    network = detector.eval().to(device)
    transform = build_eval_transform(config)
    clip_len, dilation = int(config.dataset.clip_len), int(config.dataset.dilation)
    built: dict[str, Backend] = {}
    notes: list[str] = []

    def clips(rule: DetectionRule) -> FrameDetector:
        return ClipDetector(network, rule, transform, clip_len, dilation, device)

    def exact(rule: DetectionRule) -> FrameDetector:
        return SlidingDetections(SlidingDetector(network, clip_len), rule, transform, dilation, device)

    for name in names:
        if name == "clip":
            built[name] = Backend(TITLES[name], True, clips)
        elif name == "exact":
            if (reason := obstacle(network)) is None:
                built[name] = Backend(TITLES[name], True, exact)
            else:
                notes.append(f"{TITLES[name]}: {reason}")
    others = [name for name in names if name not in ("clip", "exact")]
    if others and device != "cpu":
        notes.append(f"{', '.join(others)}: measured with --device cpu only")
    elif others:
        try:
            files = Exported(config, detector, folder, pictures)
        except YowoError as error:
            return built, [*notes, f"{', '.join(others)}: {error}"]
        for name in others:
            make = _of_file(config, files, name)
            if isinstance(make, YowoError):
                notes.append(f"{name}: {make}")
            else:
                built[name] = Backend(_title(name), False, make)
    return built, notes


def _title(name: str) -> str:
    kind, _, precision = name.partition(" ")
    return f"{TITLES[kind]}, {precision}" if precision else TITLES[kind]


def _of_file(config: DictConfig, files: "Exported", name: str) -> Callable[[DetectionRule], FrameDetector] | YowoError:
    """Return what makes a detector of an exported file, or why there is none."""
    from yowo.inference.exported.facts import read_facts
    from yowo.inference.exported.network import open_exported

    try:
        file = files.file(name)
        network = open_exported(file, read_facts(file))
    except YowoError as error:
        return error
    transform = build_eval_transform(config)
    clip_len, dilation = int(config.dataset.clip_len), int(config.dataset.dilation)
    return lambda rule: ClipDetector(network, rule, transform, clip_len, dilation)


class Exported:
    """Files of a network for other programs; the network is traced and written as ONNX once."""

    def __init__(self, config: DictConfig, detector: Detector, folder: Path, pictures: NDArray[np.uint8]) -> None:
        """Write the network in float32.

        Args:
            config: Of a training.
            detector: The network, on the CPU.
            folder: Where the files lie.
            pictures: uint8 [n, H, W, 3], frames that int8 is calibrated with.

        Raises:
            ConfigError: The network cannot be exported.
        """
        from yowo.commands.export import facts_of
        from yowo.inference.exported.tracing import trace
        from yowo.inference.exported.writing import onnx_model, save_onnx

        self._config, self._folder, self._pictures = config, folder, pictures
        traced = trace(detector, int(config.dataset.clip_len), max(detector.strides), str(config.model.name))
        self._facts = facts_of(config, detector, traced, None)
        self._onnx = folder / "network.onnx"
        save_onnx(onnx_model(traced, None, detector.num_classes), self._onnx, self._facts)

    def file(self, name: str) -> Path:
        """Return the file of a backend.

        Args:
            name: Of the backend.

        Raises:
            ConfigError: The other program cannot read or quantise the network.
        """
        from yowo.inference.exported.facts import FORMATS, ExportFacts
        from yowo.inference.exported.quantising import quantised, save_quantised
        from yowo.inference.exported.writing import openvino_model, save_openvino

        kind, _, precision = name.partition(" ")
        whole = self._folder / f"network{FORMATS[kind]}"
        if not whole.exists():
            save_openvino(openvino_model(self._onnx), whole, self._facts)
        if not precision:
            return whole
        small = whole.with_stem("int8")
        clips = _calibration(self._config, self._pictures)
        facts = ExportFacts(**{**vars(self._facts), "precision": precision})
        save_quantised(kind, quantised(kind, whole, clips, len(clips)), small, facts)
        return small


def _calibration(config: DictConfig, pictures: NDArray[np.uint8]) -> list[torch.Tensor]:
    """Return clips of frames one after another, float [1, 3, K, H, W]."""
    frames = prepared(pictures, build_eval_transform(config), "cpu")
    count = int(config.dataset.clip_len)
    starts = np.linspace(0, max(0, frames.shape[1] - count), CALIBRATION).astype(int).tolist()
    places = [np.minimum(np.arange(start, start + count), frames.shape[1] - 1) for start in starts]
    return [frames[:, torch.from_numpy(place)][None] for place in places]


def detections_of(
    backends: Mapping[str, Backend], rule: DetectionRule, pictures: NDArray[np.uint8]
) -> dict[str, list[Any]]:
    """Return what each backend finds on some frames, by name."""
    found: dict[str, list[Any]] = {}
    for name, backend in backends.items():
        detector = backend.make(rule)
        found[name] = [detector.add(picture[None], [True])[0] for picture in pictures]
    return found
