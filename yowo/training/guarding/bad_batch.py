"""A batch that gave a number that is not finite: what is kept of it, and how it is computed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from yowo.contracts import Target
from yowo.errors import WeightsError
from yowo.models.detector import Detector
from yowo.training.guarding.nonfinite import nonfinite, several
from yowo.whole_file import whole_file

ENTRY = "nonfinite"
"""Key of the file under which the batch is stored, beside the weights and the configuration of a checkpoint."""


@dataclass(frozen=True)
class BadBatch:
    """A batch as it entered the network.

    Attributes:
        clips: float [B, 3, K, H, W], normalised, augmentation included.
        targets: B targets.
        positions: B positions in the training split, from 0.
        samples: B names: video and key frame.
        random: States of the random generators before the batch, uint8 [S] each: "cpu", on a GPU also "cuda".
        samples_seen: Number of training clips so far, this batch included.
        terms: What was not finite, by name.
        epoch: Epoch, from 0.
        step: Number of optimizer steps before it.
        rank: Process that computed it.
    """

    clips: Tensor
    targets: list[Target]
    positions: list[int]
    samples: list[str]
    random: dict[str, Tensor]
    samples_seen: int = 0
    terms: dict[str, float] = field(default_factory=dict)
    epoch: int = 0
    step: int = 0
    rank: int = 0


@dataclass(frozen=True)
class Replay:
    """What a stored batch gives when it is computed again.

    As text it is a few lines for people.

    Attributes:
        terms: The terms of the loss by name.
        layer: The first part of the network whose output is not finite, by name; "clips" if the clips are not; None if
            all are finite.
        gradients: Parameters whose gradient is not finite, by name.
        samples: Names of the clips: video and key frame.
        epoch: Epoch in which the batch stopped or was left out, from 0.
        step: Number of optimizer steps before it.
    """

    terms: dict[str, float]
    layer: str | None
    gradients: list[str]
    samples: list[str]
    epoch: int
    step: int

    def __str__(self) -> str:
        """Return the terms, where they come from, and the clips."""
        terms = ", ".join(f"{name} {value:g}" for name, value in self.terms.items())
        layer = "all outputs are finite" if self.layer is None else f"first output that is not finite: {self.layer}"
        gradients = f"gradients that are not finite: {several(self.gradients) or 'none'}"
        return (
            f"epoch {self.epoch + 1}, step {self.step}: {terms}\n{layer}\n{gradients}\nclips: {several(self.samples)}"
        )


def random_states(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's random generators: uint8 [S] by kind of device."""
    found = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        found["cuda"] = torch.cuda.get_rng_state(device)
    return found


def sample_names(trainer: Any, positions: Sequence[int]) -> list[str]:
    """Return the names of training samples; their positions where the data set cannot be asked."""
    try:
        dataset = trainer.datamodule.dataset("train")
        return [dataset.name(position) for position in positions]
    except AttributeError:  # the Trainer was given loaders of another kind
        return [f"sample {position}" for position in positions]


def save_bad_batch(path: Path, bad: BadBatch, weights: Mapping[str, Tensor], recipe: Any) -> None:
    """Write a batch with the weights that it was computed with, in the form of a checkpoint.

    Args:
        path: The file.
        bad: The batch.
        weights: The state dict of the LightningModule.
        recipe: The configuration that a checkpoint stores.

    Raises:
        YowoError: The file cannot be written.
    """
    stored = {name: _plain(value) for name, value in vars(bad).items()}
    with whole_file(path) as unfinished:
        torch.save({"state_dict": dict(weights), "yowo": {"config": recipe}, ENTRY: stored}, unfinished)


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def read_bad_batch(path: Path) -> BadBatch:
    """Read a batch that training has stored.

    Raises:
        WeightsError: The file cannot be read, or holds no batch.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True).get(ENTRY)
    except Exception as error:  # torch raises errors of many types for a file that is not its own
        raise WeightsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(stored, Mapping):
        raise WeightsError(f"{path}: expected a file nonfinite-step-N.pt of a training run, got one without a batch")
    return BadBatch(**{str(name): value for name, value in stored.items()})


def replay_batch(detector: Detector, bad: BadBatch) -> Replay:
    """Compute a stored batch again, forward and backward, on the detector's device, in float32.

    The random generators begin where they stood, so dropout is the same on the same kind of device; afterwards they
    are as before.

    Args:
        detector: The network with the weights of the file, in training mode; its gradients are replaced.
        bad: The batch.

    Returns:
        The terms, and where the first number that is not finite comes from.
    """
    device = next(detector.parameters()).device
    found = [] if bool(bad.clips.isfinite().all()) else ["clips"]
    hooks = [
        part.register_forward_hook(_notice(name, found)) for name, part in detector.named_modules() if not _parts(part)
    ]
    targets = [Target(boxes=t["boxes"].to(device), labels=t["labels"].to(device)) for t in bad.targets]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.set_rng_state(bad.random["cpu"])
        if device.type == "cuda" and "cuda" in bad.random:
            torch.cuda.set_rng_state(bad.random["cuda"], device)
        raw = detector(bad.clips.to(device))
    for hook in hooks:
        hook.remove()
    losses = detector.criterion(raw, targets, bad.samples_seen)  # type: ignore[misc]
    detector.zero_grad(set_to_none=True)
    losses["total"].backward()
    terms = {name: float(value.detach()) for name, value in losses.items()}
    gradients = nonfinite(detector.named_parameters(), gradient=True)
    return Replay(terms, found[0] if found else None, gradients, bad.samples, bad.epoch, bad.step)


def _parts(module: nn.Module) -> bool:
    return next(module.children(), None) is not None


def _notice(name: str, found: list[str]) -> Any:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if not found and isinstance(output, Tensor) and not bool(output.isfinite().all()):
            found.append(name)

    return hook
