"""A training step of the released code (yjh0410/PyTorch_YOWO) from a checkout, beside ours.

The network, its loss and the optimizer are the checkout's; the loop is that of its train.py without the reading of
data: one batch a step, loss, test for NaN, backward, step. Modules that it imports and does not need here are replaced.
"""

import contextlib
import io
import sys
import types
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from yowo.contracts import Target
from yowo.errors import ConfigError

UNUSED = (
    "cv2",
    "dataset",
    "dataset.ucf_jhmdb",
    "dataset.ava",
    "dataset.transforms",
    "evaluator",
    "evaluator.ucf_jhmdb_evaluator",
    "evaluator.ava_evaluator",
)
NAMES = ("yowo", "yowo_nano")
"""Networks that it has, by its own names; "yowo" is ours yowo_plus."""

Step = Callable[[Tensor, list[Target]], None]


class _Anything(types.ModuleType):
    """A module that has every name."""

    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        """Return a class without content."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def import_released(checkout: Path) -> tuple[dict[str, Any], Any]:
    """Return the configurations of its networks by name, and the class of its detector.

    Args:
        checkout: A checkout of yjh0410/PyTorch_YOWO.

    Raises:
        ConfigError: The folder is not such a checkout.
    """
    if not (checkout / "models" / "detector").is_dir():
        raise ConfigError(f"--reference {checkout}: expected a checkout of yjh0410/PyTorch_YOWO with models/detector/")
    for module in UNUSED:
        sys.modules.setdefault(module, _Anything(module))
    sys.path.insert(0, str(checkout))
    try:
        return import_module("config.yowo_config").yowo_config, import_module("models.detector.yowo.yowo").YOWO
    finally:
        sys.path.remove(str(checkout))


def released_step(checkout: Path, name: str, num_classes: int, size: int, clip_len: int, device: str) -> Step:
    """Make the released training step, with random weights and one-hot labels.

    Args:
        checkout: A checkout of yjh0410/PyTorch_YOWO.
        name: One of `NAMES`.
        num_classes: C.
        size: Height and width of the input in pixels, multiples of 32.
        clip_len: K.
        device: "cuda" or "cpu".

    Returns:
        A function of clips float [B, 3, K, H, W] on the device and of targets.

    Raises:
        ConfigError: The folder is not such a checkout.
    """
    configs, yowo = import_released(checkout)
    config = dict(configs[name])
    config |= {"pretrained_2d": False, "pretrained_3d": False}
    where = torch.device(device)
    anchors = config["anchor_size"]["ucf24"]
    with contextlib.redirect_stdout(io.StringIO()):
        model = yowo(config, where, size, anchors, len_clip=clip_len, num_classes=num_classes, trainable=True)
    model = model.to(where).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=5e-4)

    def step(clips: Tensor, targets: list[Target]) -> None:
        given = [{"boxes": t["boxes"].cpu(), "labels": t["labels"].cpu()} for t in targets]
        losses = model(clips, targets=given)["losses"]
        if torch.isnan(losses):
            return
        losses.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step
