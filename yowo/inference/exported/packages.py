"""The optional packages that files of other programs need: imported when used, and named in one line if missing."""

from importlib import import_module
from types import ModuleType

from yowo.errors import ConfigError

NEEDED = {
    "onnx": ("onnx", "onnxscript"),
    "openvino": ("openvino", "onnx", "onnxscript"),
    "torch_export": (),
    "int8": ("nncf", "openvino"),
    "int8 onnx": ("nncf", "onnx", "onnxruntime"),
}
"""Packages by what is written. An OpenVINO model is made from an ONNX graph; NNCF is part of the extra `openvino`."""
EXTRA = {"nncf": "openvino", "openvino": "openvino"}
"""Extras of this package by optional packages; the others are in `onnx`."""


def needed(module: str, purpose: str) -> ModuleType:
    """Import an optional package.

    Args:
        module: Name of the package.
        purpose: What it is needed for, such as "format=onnx".

    Raises:
        ConfigError: It is not installed, or does not load.
    """
    try:
        return import_module(module)
    except ImportError as error:
        extra = EXTRA.get(module, "onnx")
        why = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
        raise ConfigError(f"{purpose} needs {module}{why}: pip install 'yowo-lightning[{extra}]'") from error


def check_packages(format_name: str, precision: str) -> None:
    """Check that what a file needs to be written is installed.

    Raises:
        ConfigError: A package is missing; the message says how to install it.
    """
    names = list(NEEDED[format_name])
    if precision == "int8":
        names += NEEDED["int8 onnx" if format_name == "onnx" else "int8"]
    for name in dict.fromkeys(names):
        needed(name, f"format={format_name}" + (" precision=int8" if precision == "int8" else ""))
