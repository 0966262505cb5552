"""Loads weights from a file or a state dict into a network and reports which entries matched."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.weights.fitting import Fit, fit_entries, fresh_head, head_names
from yowo.weights.kinds import first
from yowo.weights.opening import Weights, open_weights
from yowo.weights.recognise import made_for
from yowo.weights.registry import DETECTOR

_log = logging.getLogger(__name__)
V3, V3_EPS = "YOWOv3", 1e-5
"""Description of YOWOv3's files, and the epsilon of its fusions in the program's evaluation."""


@dataclass(frozen=True)
class LoadReport:
    """Which entries of a weights file were loaded.

    Attributes:
        loaded: Names (ours) that were copied into the network.
        ignored: Names in the file that were not loaded: the network has no such part, or (if not strict) no such entry
            or another shape.
        missing: Names of the network, or of the part that the file is for, that were not loaded and keep their values.
        kind: Description of the file.
        part: The part that was loaded: "detector", "backbone2d" or "backbone3d"; other parts keep their values.
        reset: Names of what predicts classes if it was initialised anew with `reset_head`.
    """

    loaded: list[str]
    ignored: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    kind: str = ""
    part: str = DETECTOR
    reset: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the report as one line of text."""
        counts = f"{len(self.loaded)} entries loaded, {len(self.ignored)} ignored, {len(self.missing)} missing"
        names = "".join(f"; {w}: {first(n)}" for w, n in (("ignored", self.ignored), ("missing", self.missing)) if n)
        where = "" if self.part == DETECTOR else f" into {self.part}"
        anew = f"; the head is initialised anew: {first(self.reset)}" if self.reset else ""
        return f"{self.kind}{where}: {counts}{names}{anew}"


def load_weights(
    model: nn.Module, source: str | Path | Mapping[str, Any], strict: bool = True, reset_head: bool = False
) -> LoadReport:
    """Copy weights into a network; if loading fails, the network is unchanged.

    A file with a single backbone (COCO or Kinetics weights) is loaded into that backbone; its classifier is ignored.
    Half-precision values are converted.

    Args:
        model: The detector, or the backbone that the file is for.
        source: A file, or a state dict in memory, of any kind in `yowo.weights.kinds`.
        strict: Raise an error if entries are missing, have another shape, or do not exist in the network.
        reset_head: Initialise what predicts classes anew instead of loading it, to train on other classes; see
            `yowo.weights.fitting.fresh_head`.

    Returns:
        Which entries were loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be read, or does not match the network.
    """
    weights = open_weights(source)
    part = weights.kind.part
    inner = getattr(model, part, None)
    if part == DETECTOR or not isinstance(inner, nn.Module):
        report = _fill(model, "", weights, weights.entries(model), strict, reset_head)
        if weights.kind.words == V3 and getattr(model, "norm_eps", (V3_EPS,))[-1] != V3_EPS:
            _log.warning(
                "%s: the released program evaluates YOWOv3's files with an epsilon of %g in the fusions' batch norms; "
                "for its published figures set model.fusion_norm_eps=released",
                weights.source,
                V3_EPS,
            )
        return report
    return _fill(inner, f"{part}.", weights, weights.entries(inner), strict)


def load_backbone(
    model: nn.Module, part: str, source: str | Path | Mapping[str, Any], strict: bool = True
) -> LoadReport:
    """Copy weights into one backbone of a detector, from a file of that backbone or of a whole detector.

    Args:
        model: The detector.
        part: "backbone2d" or "backbone3d".
        source: As in `load_weights`.
        strict: As in `load_weights`.

    Returns:
        Which entries were loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be read, is for another part, or does not match the backbone.
    """
    weights = open_weights(source)
    backbone = model.get_submodule(part)
    if weights.kind.part not in (part, DETECTOR):
        raise WeightsError(f"weights.{part}={weights.source}: expected a {part}, got {weights.kind.words}")
    entries = weights.entries(backbone)
    if weights.kind.part == DETECTOR:
        inside = {n.removeprefix(f"{part}."): t for n, t in entries.items() if n.startswith(f"{part}.")}
        entries = inside or entries
    return _fill(backbone, f"{part}.", weights, entries, strict)


def _fill(
    network: nn.Module,
    prefix: str,
    weights: Weights,
    entries: dict[str, Tensor],
    strict: bool,
    reset_head: bool = False,
) -> LoadReport:
    """Check that entries match a network, then copy them."""
    source, of_head = weights.source, head_names(network)
    head = fresh_head(network) if reset_head else {}
    if reset_head and not prefix and not head:
        raise WeightsError(
            f"{source}: reset_head: the head of this network ({type(network).__name__}) cannot be initialised anew; it "
            "needs anchors and one convolution called head (yowo.models.heads), or a convolution for classes alone "
            "(class_layer)"
        )
    fit = fit_entries(network, {n: t for n, t in entries.items() if not (reset_head and n.startswith(of_head))})
    fit.missing = [name for name in fit.missing if name not in head]
    if not fit.taken:
        raise WeightsError(
            f"{source}: no entry matches {prefix.rstrip('.') or 'this network'}; the file is {_words(weights)} with "
            f"the entries {first(list(entries))}; check model= or the backbone"
        )
    _check(fit, prefix, weights, of_head, strict)
    network.load_state_dict(fit.taken | head, strict=False)
    unfit = sorted(fit.other_shape)
    return LoadReport(
        loaded=[prefix + name for name in fit.taken],
        ignored=[*fit.no_part, *fit.too_many, *unfit],
        missing=[prefix + name for name in [*fit.missing, *unfit]],
        kind=weights.kind.words,
        part=prefix.rstrip(".") or DETECTOR,
        reset=list(head),
    )


def _words(weights: Weights) -> str:
    """Return what a file is and, if it is known, which network it is for."""
    meant = made_for(weights)
    return f"{weights.kind.words}, for {meant}," if meant else weights.kind.words


def _check(fit: Fit, prefix: str, weights: Weights, of_head: tuple[str, ...], strict: bool) -> None:
    """Raise WeightsError if entries cannot be loaded or, if `strict`, do not all match."""
    source, kind = weights.source, weights.kind
    if fit.unusable:
        raise WeightsError(f"{source}: {first([prefix + text for text in fit.unusable])}")
    shapes = [f"{prefix}{name} ({text})" for name, text in fit.other_shape.items() if name.startswith(kind.fills)]
    if shapes and kind.part == DETECTOR and not prefix and all(name.startswith(of_head) for name in fit.other_shape):
        raise WeightsError(
            f"{source}: does not match this network: {first(shapes)}: its head is for other classes or anchors; to "
            "load the rest and initialise the head anew, set reset_head=True (weights.reset_head=true)"
        )
    if not strict:
        return
    lenient = "to load only the entries that match, set strict=False (weights.strict=false)"
    if shapes:
        raise WeightsError(f"{source}: {_words(weights)} does not match this network: {first(shapes)}; {lenient}")
    missing = [prefix + name for name in fit.missing if name.startswith(kind.fills)]
    if missing:
        raise WeightsError(f"{source}: {_words(weights)} without the entries {first(missing)}; {lenient}")
    extra = [prefix + name for name in fit.too_many if name.startswith(kind.fills)]
    if extra:
        raise WeightsError(
            f"{source}: {_words(weights)} is for a larger network: this network has no {first(extra)}; {lenient}"
        )
