"""Names of what `yowo bench infer` compares, and the packages that they need; torch is not loaded for them."""

from collections.abc import Sequence
from importlib.util import find_spec

from yowo.errors import ConfigError

ONNX, OPENVINO = ("onnx", "onnxscript", "onnxruntime"), ("onnx", "onnxscript", "openvino")
NEEDS: dict[str, tuple[str, ...]] = {
    "clip": (),
    "exact": (),
    "state": (),
    "onnx": ONNX,
    "onnx-exact": ONNX,
    "onnx-state": ONNX,
    "openvino": OPENVINO,
    "openvino-exact": OPENVINO,
    "openvino-state": OPENVINO,
    "onnx-int8": (*ONNX, "nncf"),
    "openvino-int8": (*OPENVINO, "nncf"),
}
"""Packages of each backend, by its name: a program, then what is special about the file."""
WAYS = ("exact", "state")
"""Ways to compute frame by frame that some networks have; all others compute whole clips."""
FAMILY = (
    "yowo_tiny",
    "yowo_fine",
    "yowo_nano",
    "yowo_plus",
    "yowo",
    "yowof_r18",
    "yowof_r50",
    "yowo_v2_nano",
    "yowo_v2_tiny",
    "yowo_v2_medium",
    "yowo_v2_large",
    "yowo_v3",
)
"""Networks that are measured where none is chosen."""
DATASET = "ucf24"
"""Classes, frames of a clip and size where no data set is chosen: clips of 16 frames of 224 x 224, nothing is read."""


def way_of(name: str) -> str:
    """Return how a backend computes frames one after the other: "clip", or one of `WAYS`.

    >>> way_of("onnx"), way_of("state"), way_of("openvino-exact"), way_of("onnx-int8")
    ('clip', 'state', 'exact', 'clip')
    """
    return next((way for way in WAYS if way in name.split("-")), "clip")


def whole_family(overrides: Sequence[str], family: Sequence[str] = FAMILY) -> list[str]:
    """Return what was typed, with every network of the family where none was chosen.

    Args:
        overrides: What was typed.
        family: The networks.

    >>> whole_family(["model=yowo_nano"])
    ['model=yowo_nano']
    >>> whole_family([], ["yowo_nano", "yowo_v3"]), whole_family(["dataset=ava"], ["yowo_v3"])
    (['-m', 'model=yowo_nano,yowo_v3', 'dataset=ucf24'], ['-m', 'model=yowo_v3', 'dataset=ava'])
    """
    if any(override.startswith(("model=", "experiment=")) for override in overrides):
        return list(overrides)
    chosen = [] if any(override.startswith("dataset=") for override in overrides) else [f"dataset={DATASET}"]
    return ["-m", f"model={','.join(family)}", *chosen, *overrides]


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
