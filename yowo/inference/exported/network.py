"""A network in an exported file, in the place of a detector of PyTorch."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from yowo.boxes.anchors import grid_anchors, grid_points
from yowo.contracts import Level, RawOutput, Target
from yowo.errors import ConfigError
from yowo.inference.exported.facts import ExportFacts
from yowo.inference.exported.runtimes import Arrays, Runtime
from yowo.inference.exported.tracing import CLIPS
from yowo.models.network import check_clips
from yowo.models.postprocess import DetectionRule, PostProcess


class ExportedFile(nn.Module):
    """An exported file with the members of a detector that evaluation and detection use; it has no parameters.

    It computes on the CPU, wherever its input is. See `yowo.models.detector.Detector` for the members.

    Attributes:
        facts: What the file says of itself.
        runtime: What computes.
        num_classes: C.
        exclusive_classes: See `ExportFacts`.
        strides: Strides of the levels in pixels, finest first.
        recipe: See `Detector`.
        criterion: See `Detector`.
        postprocess: See `Detector`.
    """

    recipe: dict[str, Any] | None = None
    criterion: Callable[[RawOutput, list[Target], int | None], dict[str, Tensor]] | None = None
    postprocess: DetectionRule

    def __init__(self, runtime: Runtime, facts: ExportFacts) -> None:
        """Take what runs the file, and what it says of itself."""
        super().__init__()
        self.runtime, self.facts = runtime, facts
        self.num_classes, self.exclusive_classes = len(facts.classes), facts.exclusive_classes
        self.strides = tuple(int(level["stride"]) for level in facts.levels)
        self.postprocess = PostProcess(self.exclusive_classes)

    def __repr__(self) -> str:
        """Return what the file holds and what runs it, as one line."""
        facts = self.facts
        return (
            f"{facts.model} of {facts.dataset}, {self.num_classes} classes, {facts.precision}, streaming="
            f"{facts.streaming}, run by {self.runtime.name} on the CPU"
        )

    @property
    def multi_hot(self) -> bool:
        """Whether a person can have several classes at the same time."""
        return self.exclusive_classes < self.num_classes

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Refuse: a file has no access to the feature of its 3D backbone.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "context=lfb needs the network's 3D backbone alone, which exported files do not give; use checkpoint=FILE"
        )


class ExportedNetwork(ExportedFile):
    """Maps clips to raw output as the detector that was exported."""

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell and anchor of the key frame.

        Args:
            clips: float [B, 3, K, H, W], normalised, H and W multiples of the coarsest stride, key frame last.
            feature_3d: Must be None; the 3D backbone is inside the file.

        Returns:
            See `RawOutput`.

        Raises:
            ConfigError: `clips` has another shape than the file takes, or a feature is given.
        """
        if feature_3d is not None:
            self.motion_feature(clips)
        check_clips(clips, max(self.strides))
        if clips.shape[2] != self.facts.clip_len:
            raise ConfigError(f"this file takes clips of {self.facts.clip_len} frames, got {clips.shape[2]}")
        found = self.runtime.run({CLIPS: np.ascontiguousarray(clips.detach().float().cpu().numpy())})
        return raw_output(found, self.facts, (clips.shape[3], clips.shape[4]), clips.device)


def raw_output(
    found: Arrays, facts: ExportFacts, image_size: tuple[int, int], device: torch.device | None = None
) -> RawOutput:
    """Complete the outputs of a file to those of a network.

    Args:
        found: Arrays by name: those of `RawOutput` that depend on the clips, each [B, M, ...]. They are copied.
        facts: Of the file.
        image_size: Height and width of the input in pixels.
        device: Where the result is; None is the CPU.
    """
    levels = levels_at(facts.levels, image_size)
    points, strides = grid_points(levels, device)
    raw: dict[str, Any] = {name: torch.tensor(found[name], device=device) for name in facts.outputs}
    raw |= {"points": points, "strides": strides, "levels": levels, "image_size": image_size}
    sizes: Sequence[Any] = [level["anchors"] for level in facts.levels]
    if all(pair is not None for level in sizes for pair in level):
        anchors = [torch.tensor(level, dtype=torch.float32, device=device) for level in sizes]
        raw["anchors"] = grid_anchors(anchors, levels)
    return cast(RawOutput, raw)


def levels_at(levels: Sequence[dict[str, Any]], image_size: tuple[int, int]) -> tuple[Level, ...]:
    """Return the grids of a network for an input of some height and width in pixels."""
    height, width = image_size
    return tuple(
        Level(int(one["stride"]), height // int(one["stride"]), width // int(one["stride"]), len(one["anchors"]))
        for one in levels
    )
