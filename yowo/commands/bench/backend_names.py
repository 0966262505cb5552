"""Names of what `yowo bench infer` compares, and the packages that they need; torch is not loaded for them."""

from collections.abc import Sequence
from importlib.util import find_spec

from yowo.errors import ConfigError

ONNX, OPENVINO = ("onnx", "onnxscript", "onnxruntime"), ("onnx", "onnxscript", "openvino")
NEEDS: dict[str, tuple[str, ...]] = {
    "clip": (),
    "exact": (),
    "onnx": ONNX,
    "onnx-exact": ONNX,
    "openvino": OPENVINO,
    "openvino-exact": OPENVINO,
    "onnx-int8": (*ONNX, "nncf"),
    "openvino-int8": (*OPENVINO, "nncf"),
}
"""Packages of each backend, by its name: a program, then what is special about the file."""


def installed() -> list[str]:
    """Return the names of the backends whose packages are installed."""
    return [name for name, packages in NEEDS.items() if all(find_spec(package) for package in packages)]


def check_backends(names: Sequence[str]) -> None:
    """Check that backends are known and their packages installed.

    Raises:
        ConfigError: They are not; the message names the extra to install.
    """
    for name in names:
        if name not in NEEDS:
            raise ConfigError(f"--backends {name}: expected some of {', '.join(NEEDS)}")
        missing = [package for package in NEEDS[name] if not find_spec(package)]
        if missing:
            extra = "openvino" if "openvino" in name or "nncf" in missing else "onnx"
            raise ConfigError(f"--backends {name} needs {', '.join(missing)}: pip install 'yowo-lightning[{extra}]'")
