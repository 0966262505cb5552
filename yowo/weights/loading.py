"""Weights from a file or a state dict into a network, with a report of what matched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.weights.darknet import DarknetWeights, darknet_state
from yowo.weights.fitting import HEAD, Fit, fit_entries, fresh_head
from yowo.weights.kinds import DARKNET_FILE, DETECTOR, Kind, first, kind_of, state_of
from yowo.weights.reading import DARKNET_KEY, read_checkpoint


@dataclass(frozen=True)
class LoadReport:
    """What became of the entries of a weights file.

    Attributes:
        loaded: Names (ours) that were copied into the network.
        ignored: Names in the file that were left out: the network has no such part, or they do not fit (if not strict).
        missing: Names of the network, or of the part that the file is for, that were not in the file; they keep
            their values.
        kind: What the file is.
        part: What it fills: "detector", "backbone2d" or "backbone3d"; the rest of the network keeps its values.
        reset: Names of the last convolution that started anew, because that was asked for.
    """

    loaded: list[str]
    ignored: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    kind: str = ""
    part: str = DETECTOR
    reset: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return one line for people."""
        counts = f"{len(self.loaded)} entries loaded, {len(self.ignored)} ignored, {len(self.missing)} missing"
        names = "".join(f"; {w}: {first(n)}" for w, n in (("ignored", self.ignored), ("missing", self.missing)) if n)
        where = "" if self.part == DETECTOR else f" into {self.part}"
        anew = "; the head starts anew" if self.reset else ""
        return f"{self.kind}{where}: {counts}{names}{anew}"


@dataclass(frozen=True)
class Weights:
    """An opened weights file.

    Attributes:
        source: The file, for messages.
        kind: What it is.
        state: Its tensors by our names, as the part of the network calls them; empty for darknet.
        darknet: A darknet file's values, whose places only a network knows.
        content: All that the file holds.
    """

    source: str
    kind: Kind
    state: dict[str, Tensor]
    darknet: DarknetWeights | None
    content: Mapping[Any, Any]

    def entries(self, network: nn.Module) -> dict[str, Tensor]:
        """Return the tensors by our names, as `network` calls them.

        Raises:
            WeightsError: A darknet file has more or fewer values than `network`.
        """
        return self.state if self.darknet is None else darknet_state(self.darknet, network, self.source)


def open_weights(source: str | Path | Mapping[str, Any]) -> Weights:
    """Open weights and find out from their content what they are.

    Args:
        source: A file, or the mapping that would be in it.

    Raises:
        WeightsError: The file cannot be read, or holds no weights.
    """
    name = "state dict" if isinstance(source, Mapping) else str(source)
    content = source if isinstance(source, Mapping) else read_checkpoint(source)
    darknet = content.get(DARKNET_KEY)
    if isinstance(darknet, DarknetWeights):
        return Weights(name, DARKNET_FILE, {}, darknet, content)
    state = state_of(content, name)
    kind = kind_of(list(state))
    return Weights(name, kind, kind.rename(state), None, content)


def load_weights(
    model: nn.Module, source: str | Path | Mapping[str, Any], strict: bool = True, reset_head: bool = False
) -> LoadReport:
    """Copy weights into a network; a failed load changes nothing.

    A file that holds one backbone (COCO or Kinetics weights) fills that backbone and leaves the rest; its classifier
    is ignored. Numbers of half precision are converted.

    Args:
        model: The detector, or the backbone that the file is for.
        source: A file, or a state dict in memory: ours, or any of those in `yowo.weights.kinds`.
        strict: Whether it is an error when entries are missing, of another shape, or one too many.
        reset_head: Start the last convolution anew instead of taking the file's: for other classes.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used, or does not fit.
    """
    weights = open_weights(source)
    part = weights.kind.part
    inner = getattr(model, part, None)
    if part == DETECTOR or not isinstance(inner, nn.Module):
        return _fill(model, "", weights, weights.entries(model), strict, reset_head)
    return _fill(inner, f"{part}.", weights, weights.entries(inner), strict)


def load_backbone(
    model: nn.Module, part: str, source: str | Path | Mapping[str, Any], strict: bool = True
) -> LoadReport:
    """Copy weights into one backbone of a detector, from a file of that backbone or from the detector in a file.

    Args:
        model: The detector.
        part: "backbone2d" or "backbone3d".
        source: As for `load_weights`.
        strict: As for `load_weights`.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used, is for another part, or does not fit.
    """
    weights = open_weights(source)
    backbone = model.get_submodule(part)
    if weights.kind.part not in (part, DETECTOR):
        raise WeightsError(f"weights.{part}={weights.source}: holds {weights.kind.words}, not a {part}")
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
    """Check that entries fit a network, then copy them."""
    kind, source = weights.kind, weights.source
    head = fresh_head(network) if reset_head else {}
    fit = fit_entries(network, {n: t for n, t in entries.items() if not (reset_head and n.startswith(HEAD))})
    fit.missing = [name for name in fit.missing if name not in head]
    if not fit.taken:
        raise WeightsError(
            f"{source}: nothing in it fits {prefix.rstrip('.') or 'this network'}; it holds {kind.words} with "
            f"{first(list(entries))}"
        )
    _check(fit, prefix, kind, source, strict)
    network.load_state_dict(fit.taken | head, strict=False)
    unfit = sorted(fit.other_shape)
    return LoadReport(
        loaded=[prefix + name for name in fit.taken],
        ignored=[*fit.no_part, *fit.too_many, *unfit],
        missing=[prefix + name for name in [*fit.missing, *unfit]],
        kind=kind.words,
        part=prefix.rstrip(".") or DETECTOR,
        reset=list(head),
    )


def _check(fit: Fit, prefix: str, kind: Kind, source: str, strict: bool) -> None:
    """Raise WeightsError where entries are not numbers that the network can take, or, if `strict`, do not match."""
    if fit.unusable:
        raise WeightsError(f"{source}: {first([prefix + text for text in fit.unusable])}")
    shapes = [f"{prefix}{name} ({text})" for name, text in fit.other_shape.items()]
    if shapes and kind.part == DETECTOR and not prefix and all(name.startswith(HEAD) for name in fit.other_shape):
        raise WeightsError(
            f"{source}: does not fit this network: {first(shapes)}: its head is for other classes or anchors; to keep "
            "the rest and start the head anew, reset_head=True (weights.reset_head=true)"
        )
    if not strict:
        return
    lenient = "strict=False (weights.strict=false) takes what fits"
    if shapes:
        raise WeightsError(f"{source}: holds {kind.words} and does not fit this network: {first(shapes)}; {lenient}")
    if fit.missing:
        names = first([prefix + name for name in fit.missing])
        raise WeightsError(f"{source}: holds {kind.words} and lacks {names}; {lenient}")
    if fit.too_many:
        names = first([prefix + name for name in fit.too_many])
        raise WeightsError(
            f"{source}: holds {kind.words} and is for a larger network: this one has no {names}; {lenient}"
        )
